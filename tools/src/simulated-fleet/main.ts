/** A fleet of simulated guards, devices, sensors and edge servers for the bus that `npm start` runs. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO_FLEET, type DemoDevice } from '@bus/database';
import { FLEET_HELP, parseFleetOptions, type FleetOptions } from './fleet-options.ts';
import type { BrokerAccess } from './member-connection.ts';
import { SimulatedFleet } from './simulated-fleet.ts';
import type { Runtime } from '../start/runtime-file.ts';

const REPORT_EVERY_MS = 60_000;

try {
  const options = parseFleetOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(FLEET_HELP);
  else await run(options);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

async function run(options: FleetOptions): Promise<void> {
  const ended = untilAskedToEnd(options.durationSeconds);
  const runtime = readRuntime(options.runtimeFile);
  const fleet = new SimulatedFleet(membersOf(runtime), accessFrom(runtime, options.plain), {
    ...options.settings,
    run: randomBytes(4).toString('hex'),
  });
  await fleet.start();
  process.stdout.write(`ready: ${fleet.size} members connected, seed ${options.settings.seed}\n`);
  const reporting = setInterval(() => process.stdout.write(`${fleet.report.toString()}\n`), REPORT_EVERY_MS);
  await ended;
  clearInterval(reporting);
  await fleet.stop();
  process.stdout.write(`${fleet.report.toString()}\n`);
}

function readRuntime(path: string): Runtime {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Runtime;
  } catch (error) {
    throw new Error(`${path} cannot be read; is the bus running (npm start)?`, { cause: error });
  }
}

/** The members of the demo fleet that this bus has a password for. */
function membersOf(runtime: Runtime): DemoDevice[] {
  const known = new Set(runtime.demo.devices.map(({ username }) => username));
  return DEMO_FLEET.filter(({ username }) => known.has(username));
}

function accessFrom(
  { mqtt, demo }: Runtime,
  plain: boolean,
): (device: DemoDevice, index: number) => BrokerAccess {
  const passwords = new Map(demo.devices.map(({ username, password }) => [username, password]));
  const ca = mqtt.caFile === null ? undefined : readFileSync(mqtt.caFile, 'utf8');
  return ({ username }, index) => {
    const usesTls = !plain && index % 2 === 1 && ca !== undefined && mqtt.tlsPort !== null;
    return {
      host: mqtt.host,
      port: usesTls ? (mqtt.tlsPort ?? mqtt.port) : mqtt.port,
      ...(usesTls ? { ca } : {}),
      username,
      password: passwords.get(username) ?? '',
    };
  };
}

function untilAskedToEnd(seconds: number): Promise<unknown> {
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  return seconds === 0 ? asked : Promise.race([asked, sleep(seconds * 1_000)]);
}
