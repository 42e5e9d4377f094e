import { fileURLToPath } from 'node:url';
import { ManagedProcess } from '@bus/testing';
import { prepareDatabase } from '../bus/prepare-database.ts';
import type { RunningApp } from '../bus/running-app.ts';
import { keepRunning, type Restartable } from './keep-running.ts';
import { PortBook } from './port-book.ts';
import { describeRuntime, publishRuntime } from './runtime-file.ts';
import { openSecrets } from './secret-store.ts';
import { ProcessRecord } from './single-start.ts';
import { startApps } from './start-apps.ts';
import { startBackends } from './start-backends.ts';
import type { StartConsole } from './start-console.ts';
import type { StartOptions } from './start-options.ts';
import type { StateDirectory } from './state-directory.ts';
import { welcome } from './welcome.ts';

const FLEET_MAIN = fileURLToPath(new URL('../simulated-fleet/main.js', import.meta.url));

/** What is ended together, in this order. */
const STAGES = ['announcement', 'fleet', 'apps', 'servers'] as const;
type Stage = (typeof STAGES)[number];

/** Brings the whole bus up and takes it down again in the opposite order. */
export class Launcher {
  private readonly stops: { name: string; stage: Stage; stop: () => unknown }[] = [];
  private readonly watches: Promise<void>[] = [];
  private readonly record: ProcessRecord;
  private readonly calledOff = new AbortController();

  constructor(
    private readonly state: StateDirectory,
    private readonly console: StartConsole,
    private readonly options: StartOptions,
  ) {
    this.record = new ProcessRecord(state);
  }

  /** Ends the start at its next step, and everything that is started again when it falls over. */
  callOff(): void {
    this.calledOff.abort();
  }

  /** Resolves when everything runs; rejects when it cannot, with part of it started: `stop` ends that, too. */
  async start(): Promise<void> {
    const startedAt = performance.now();
    const { console, state } = this;
    const { signal } = this.calledOff;

    const forced = await this.record.endLeftovers();
    if (forced.length > 0) console.say(`Ended what an earlier start had left: ${forced.join(', ')}`);
    if (this.options.fresh) {
      state.wipe();
      console.say('All data of this clone is gone.');
    }
    state.create();
    const secrets = openSecrets(state);
    const ports = PortBook.open(state);
    signal.throwIfAborted();

    const backends = await startBackends({
      secrets,
      ports,
      console,
      serversDirectory: () => state.serversDirectory(),
      environment: process.env,
      onStop: (name, stop) => this.onStop('servers', name, stop),
    });
    for (const { name, server } of backends.servers) this.keepRunning(name, server);
    const privates = backends.servers.map(({ name }) => name);
    console.say(
      privates.length > 0 ? `Private servers run: ${privates.join(', ')}` : 'Using the servers given',
    );
    signal.throwIfAborted();

    await prepareDatabase(backends.addresses.databaseUrl, { passwords: secrets.demoUserPasswords });
    console.say('Database is ready');
    signal.throwIfAborted();

    const appPorts = { noc: await ports.take('noc'), metrics: await ports.take('metrics') };
    const apps = await startApps({
      backends,
      secrets,
      listening: {
        'ws-gateway': { GATEWAY_PORT: String(appPorts.noc) },
        'metrics-exporter': { EXPORTER_PORT: String(appPorts.metrics) },
      },
      console,
      signal,
      onStop: (name, stop) => this.onStop('apps', name, stop),
    });
    for (const app of apps) this.keepRunning(app.name, watchable(app));
    signal.throwIfAborted();

    const runtime = describeRuntime(backends, secrets, appPorts);
    this.onStop('announcement', 'runtime.json', publishRuntime(state, runtime));
    if (this.options.simulator && runtime.demo.devices.length > 0) await this.startFleet();
    else if (this.options.simulator)
      console.say('No simulated fleet: its devices are not known at this broker.');
    signal.throwIfAborted();

    const seconds = (performance.now() - startedAt) / 1000;
    process.stdout.write(`${welcome(runtime, '.data/runtime.json', '.data/logs', seconds)}\n`);
  }

  /** Ends everything that was started, last things first; never fails, and says what did not end cleanly. */
  async stop(): Promise<void> {
    this.callOff();
    await Promise.allSettled(this.watches);
    for (const stage of STAGES) {
      const together = this.stops.filter((entry) => entry.stage === stage);
      await Promise.all(together.map(({ name, stop }) => this.stopOne(name, stop)));
    }
    this.stops.length = 0;
  }

  private async stopOne(name: string, stop: () => unknown): Promise<void> {
    try {
      const code = await stop();
      if (typeof code === 'number' && code !== 0)
        this.console.note(name, `ended with exit code ${code}`, 'warn');
      if (code === null) this.console.note(name, 'had to be killed', 'warn');
    } catch (error) {
      this.console.note(name, `could not be stopped: ${String(error)}`, 'error');
    }
  }

  private onStop(stage: Stage, name: string, stop: () => unknown): void {
    this.stops.push({ name, stage, stop });
  }

  private keepRunning(name: string, subject: Restartable): void {
    const watch = keepRunning(name, subject, {
      console: this.console,
      signal: this.calledOff.signal,
      onStarted: (started, pid) => this.record.add(started, pid),
    });
    this.watches.push(
      watch.catch((error: unknown) =>
        this.console.note(name, `is not watched any more: ${String(error)}`, 'error'),
      ),
    );
  }

  private async startFleet(): Promise<void> {
    const { console, state } = this;
    const start = (): Promise<ManagedProcess> =>
      ManagedProcess.start({
        name: 'simulated-fleet',
        command: process.execPath,
        args: [FLEET_MAIN, '--runtime', state.file('runtime.json')],
        env: { PATH: process.env['PATH'] ?? '' },
        stage: 'app',
        isReady: (line) => line.startsWith('ready'),
        onLine: (line, stream) => {
          console.keep('simulated-fleet', line);
          if (stream === 'stderr') console.complain('simulated-fleet', line, 'warn');
        },
      });
    let fleet = await start();
    this.onStop('fleet', 'simulated-fleet', async () => (await fleet.stop()).code);
    this.keepRunning('simulated-fleet', {
      get pid() {
        return fleet.pid;
      },
      get exited() {
        return fleet.exited;
      },
      restart: async () => {
        fleet = await start();
      },
    });
    console.note('simulated-fleet', 'publishes; see .data/logs/simulated-fleet.log');
  }
}

function watchable(app: RunningApp): Restartable {
  return {
    get pid() {
      return app.pid;
    },
    get exited() {
      return app.process.exited;
    },
    restart: () => app.restart(),
  };
}
