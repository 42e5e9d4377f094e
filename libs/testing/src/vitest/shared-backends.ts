import type { TestProject } from 'vitest/node';
import { startMosquitto } from '../backends/mosquitto-server.ts';
import { startPostgres } from '../backends/postgres-server.ts';
import { startRedis } from '../backends/redis-server.ts';
import type { SharedBackends } from './provided-context.ts';

const INTEGRATION_SPEC = /\.integration\.spec\.tsx?$/;

interface Running {
  provided: SharedBackends;
  stop: () => Promise<void>;
}

interface State {
  running: Promise<Running> | undefined;
  users: number;
}

/** On the global object, because Vitest loads this file once per project; the servers are for all of them. */
const KEY = Symbol.for('@bus/testing shared backends');
const state: State = ((globalThis as { [KEY]?: State })[KEY] ??= { running: undefined, users: 0 });

/**
 * Vitest global setup: starts Redis, Mosquitto and PostgreSQL when the first project that is about to run an
 * `*.integration.spec.ts` comes by, hands every such project their addresses, and stops them after the last one.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!runsIntegrationSpecs(project)) return undefined;
  state.users += 1;
  state.running ??= startAll();
  const { provided } = await state.running;
  for (const name of Object.keys(provided) as (keyof SharedBackends)[]) project.provide(name, provided[name]);
  return async () => {
    state.users -= 1;
    if (state.users > 0 || state.running === undefined) return;
    const { stop } = await state.running;
    state.running = undefined;
    await stop();
  };
}

/** The paths of a run are those that are left after the filters of the command line. */
function runsIntegrationSpecs(project: TestProject): boolean {
  const root = `${project.config.root}/`;
  return project.vitest.state.getPaths().some((path) => path.startsWith(root) && INTEGRATION_SPEC.test(path));
}

async function startAll(): Promise<Running> {
  const started = await Promise.allSettled([
    startRedis({ databases: 10_000 }),
    startMosquitto({ tls: true }),
    startPostgres(),
  ]);
  const stop = async (): Promise<void> => {
    const running = started.filter((result) => result.status === 'fulfilled');
    await Promise.all(running.map((result) => result.value.stop()));
  };
  const [redis, mosquitto, postgres] = started;
  if (redis.status === 'rejected' || mosquitto.status === 'rejected' || postgres.status === 'rejected') {
    await stop();
    const reasons = started
      .filter((result) => result.status === 'rejected')
      .map((result) => result.reason as Error);
    throw new AggregateError(
      reasons,
      `The servers for integration specs could not be started.\n${reasons.map((reason) => reason.message).join('\n')}`,
    );
  }
  const user = mosquitto.value.users[0];
  const tls = mosquitto.value.tls;
  if (user === undefined || tls === undefined)
    throw new Error('The shared broker has no user or no TLS listener.');
  return {
    stop,
    provided: {
      redisUrl: redis.value.url,
      mqttHost: mosquitto.value.host,
      mqttPort: mosquitto.value.port,
      mqttTlsPort: tls.port,
      mqttCaFile: tls.caFile,
      mqttUsername: user.username,
      mqttPassword: user.password,
      databaseUrl: postgres.value.url,
    },
  };
}
