import { buildDemoFleet, DEMO_USERS, type UserRole } from '@bus/database';
import {
  freePort,
  startMosquitto,
  startPostgres,
  startRedis,
  type MosquittoServer,
  type MqttCredentials,
  type PostgresServer,
  type RedisServer,
} from '@bus/testing';
import { renderMosquittoAcl } from '@bus/topic-whitelist';

import { appEnvironment, generateSecrets, serviceCredentials, type BusApp } from './app-environment.ts';
import { prepareDatabase } from './prepare-database.ts';
import { RunningApp } from './running-app.ts';

export interface StartBusOptions {
  /** @default 1 */
  readonly gateways?: number;
  /** @default 1 */
  readonly taskWorkers?: number;
  /** Adds a broker user that may write as any device, for load. @default false */
  readonly benchPublisher?: boolean;
  /** Further settings of Postgres. */
  readonly postgresSettings?: Record<string, string>;
  /** Further environment of single apps. */
  readonly environment?: Partial<Record<BusApp, Record<string, string>>>;
}

/** A whole bus on private backends, made for journeys and benchmarks: every part can be killed and started again. */
export interface RunningBus {
  readonly redis: RedisServer;
  readonly broker: MosquittoServer;
  readonly postgres: PostgresServer;
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly ingest: RunningApp;
  readonly taskWorkers: readonly RunningApp[];
  readonly gateways: readonly RunningApp[];
  readonly exporter: RunningApp;
  /** All of them. */
  readonly apps: readonly RunningApp[];
  readonly gatewayUrls: readonly string[];
  /** `/metrics/export/` of the exporter. */
  readonly metricsUrl: string;
  /** One demo user of each role. */
  readonly users: Record<UserRole, { username: string; password: string }>;
  readonly devices: readonly MqttCredentials[];
  /** The user of `benchPublisher`. */
  readonly publisher: { url: string; username: string; password: string };
  /** Ends apps and backends and removes their data. */
  stop(): Promise<void>;
}

const PUBLISHER: MqttCredentials = { username: 'load-publisher', password: 'load-publisher' };

/** Starts backends, migrates, seeds the demo organisation and starts the built apps; resolves when all are ready. */
export async function startBus(options: StartBusOptions = {}): Promise<RunningBus> {
  const started: { stop(): Promise<unknown> }[] = [];
  const stop = async (): Promise<void> => {
    const [backends, apps] = [started.slice(0, 3), started.slice(3)];
    await Promise.all(apps.map((app) => app.stop()));
    await Promise.all(backends.map((backend) => backend.stop()));
  };
  try {
    return await start(options, started, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  options: StartBusOptions,
  started: { stop(): Promise<unknown> }[],
  stop: () => Promise<void>,
): Promise<RunningBus> {
  const secrets = generateSecrets();
  const devices = buildDemoFleet().map(({ username }) => ({ username, password: `password-of-${username}` }));
  const redis = await startRedis({ appendOnly: true });
  started.push(redis);
  const broker = await startMosquitto({
    users: [...serviceCredentials(secrets), ...devices, ...(options.benchPublisher ? [PUBLISHER] : [])],
    acl: `${renderMosquittoAcl()}\n${options.benchPublisher ? `user ${PUBLISHER.username}\ntopic readwrite #\n` : ''}`,
  });
  started.push(broker);
  const postgres = await startPostgres({ settings: options.postgresSettings ?? {} });
  started.push(postgres);
  const { url: databaseUrl } = await postgres.createDatabase('bus');
  await prepareDatabase(databaseUrl, {
    passwords: Object.fromEntries(DEMO_USERS.map(({ username }) => [username, demoPassword(username)])),
  });

  const backends = { redisUrl: redis.url, databaseUrl, mqtt: { host: broker.host, port: broker.port } };
  const launch = async (app: BusApp, name: string, own: Record<string, string> = {}): Promise<RunningApp> => {
    const environment = {
      ...appEnvironment(app, backends, secrets),
      INSTANCE_ID: name,
      ...own,
      ...options.environment?.[app],
    };
    const running = await RunningApp.start(app, name, environment);
    started.push(running);
    return running;
  };
  const taskWorkers = await inTurn(options.taskWorkers ?? 1, (index) =>
    launch('task-worker', `task-worker-${index}`),
  );
  const gatewayUrls: string[] = [];
  const gateways = await inTurn(options.gateways ?? 1, async (index) => {
    const port = await freePort();
    gatewayUrls.push(`http://127.0.0.1:${port}`);
    return launch('ws-gateway', `ws-gateway-${index}`, { GATEWAY_PORT: String(port) });
  });
  const exporterPort = await freePort();
  const exporter = await launch('metrics-exporter', 'metrics-exporter-0', {
    EXPORTER_PORT: String(exporterPort),
  });
  const ingest = await launch('mqtt-ingest', 'mqtt-ingest-0');

  return {
    redis,
    broker,
    postgres,
    redisUrl: redis.url,
    databaseUrl,
    ingest,
    taskWorkers,
    gateways,
    exporter,
    apps: [ingest, ...taskWorkers, ...gateways, exporter],
    gatewayUrls,
    metricsUrl: `http://127.0.0.1:${exporterPort}/metrics/export/`,
    users: Object.fromEntries(
      DEMO_USERS.map(({ username, role }) => [role, { username, password: demoPassword(username) }]),
    ) as RunningBus['users'],
    devices,
    publisher: { url: broker.url, ...PUBLISHER },
    stop,
  };
}

function demoPassword(username: string): string {
  return `password-of-${username}`;
}

async function inTurn<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let index = 0; index < count; index += 1) made.push(await make(index));
  return made;
}
