import { join } from 'node:path';
import { createDatabase, startMosquitto, startPostgres, startRedis } from '@bus/testing';
import { renderMosquittoAcl } from '@bus/topic-whitelist';
import { Client } from 'pg';
import { serviceCredentials, type BrokerAddress, type BusBackends } from '../bus/app-environment.ts';
import type { Restartable } from './keep-running.ts';
import type { PortBook } from './port-book.ts';
import type { CloneSecrets } from './secret-store.ts';
import type { StartConsole } from './start-console.ts';

const DATABASE_NAME = 'bus';

/** The servers behind the apps: private ones, or those the environment names. */
export interface StartedBackends {
  addresses: BusBackends;
  /** Set when the broker is a private one. */
  privateBroker?: { tlsPort: number; caFile: string };
  /** The private servers, for keeping them running. */
  servers: { name: string; server: Restartable }[];
}

export interface BackendContext {
  secrets: CloneSecrets;
  ports: PortBook;
  console: StartConsole;
  serversDirectory: () => string;
  environment: NodeJS.ProcessEnv;
  /** Called for each server as soon as it runs. */
  onStop: (name: string, stop: () => Promise<unknown>) => void;
}

/** Starts what the environment does not name, all at once. */
export async function startBackends(context: BackendContext): Promise<StartedBackends> {
  const starting = [redis(context), broker(context), postgres(context)] as const;
  // Whatever fails, those that do start are waited for: only then are they on the list of what is to be stopped.
  await Promise.allSettled(starting);
  const [redisPart, brokerPart, postgresPart] = await Promise.all(starting);
  return {
    addresses: { ...redisPart.addresses, ...brokerPart.addresses, ...postgresPart.addresses },
    ...(brokerPart.privateBroker === undefined ? {} : { privateBroker: brokerPart.privateBroker }),
    servers: [redisPart, brokerPart, postgresPart].flatMap((part) => part.server ?? []),
  };
}

interface Part<Name extends keyof BusBackends> {
  addresses: Pick<BusBackends, Name>;
  /** Set when it is a private one. */
  server?: StartedBackends['servers'][number];
}

async function redis(context: BackendContext): Promise<Part<'redisUrl'>> {
  const { environment, secrets, ports, console, serversDirectory, onStop } = context;
  if (environment['REDIS_URL']) return { addresses: { redisUrl: environment['REDIS_URL'] } };
  const server = await startRedis({
    dir: join(serversDirectory(), 'redis'),
    port: await ports.take('redis'),
    password: secrets.redisPassword,
    onOutput: (line) => console.keep('redis', line),
  });
  onStop('redis', () => server.stop());
  return { addresses: { redisUrl: server.url }, server: { name: 'redis', server } };
}

async function broker(
  context: BackendContext,
): Promise<Part<'mqtt'> & Pick<StartedBackends, 'privateBroker'>> {
  const { environment, secrets, ports, console, serversDirectory, onStop } = context;
  const host = environment['MQTT_BROKER_ADDRESS'];
  if (host) {
    const isTls = /^(true|1|yes|on)$/i.test(environment['MQTT_SSL_ENABLED'] ?? '');
    const caFile = environment['MQTT_CA_FILE'];
    const username = environment['MQTT_USERNAME'];
    const password = environment['MQTT_PASSWORD'];
    const mqtt: BrokerAddress = {
      host,
      port: Number(environment['MQTT_BROKER_PORT'] ?? (isTls ? 8883 : 1883)),
      credentials: { ...(username && { username }), ...(password && { password }) },
      ...(isTls && { tls: { ...(caFile && { caFile }) } }),
    };
    return { addresses: { mqtt } };
  }
  const tlsPort = await ports.take('mqttTls');
  const devices = Object.entries(secrets.devicePasswords).map(([username, password]) => ({
    username,
    password,
  }));
  const server = await startMosquitto({
    dir: join(serversDirectory(), 'mosquitto'),
    port: await ports.take('mqtt'),
    tls: { port: tlsPort },
    users: [...serviceCredentials(secrets), ...devices],
    acl: renderMosquittoAcl(),
    onOutput: (line) => console.keep('mosquitto', line),
  });
  onStop('mosquitto', () => server.stop());
  return {
    addresses: { mqtt: { host: server.host, port: server.port } },
    privateBroker: { tlsPort, caFile: server.tls?.caFile ?? '' },
    server: { name: 'mosquitto', server },
  };
}

async function postgres(context: BackendContext): Promise<Part<'databaseUrl'>> {
  const { environment, secrets, ports, console, serversDirectory, onStop } = context;
  if (environment['DATABASE_URL']) return { addresses: { databaseUrl: environment['DATABASE_URL'] } };
  const server = await startPostgres({
    dir: join(serversDirectory(), 'postgres'),
    port: await ports.take('postgres'),
    password: secrets.postgresPassword,
    onOutput: (line) => console.keep('postgres', line),
  });
  onStop('postgres', () => server.stop());
  const databaseUrl = await existingOrNewDatabase(server.url);
  return { addresses: { databaseUrl }, server: { name: 'postgres', server } };
}

async function existingOrNewDatabase(adminUrl: string): Promise<string> {
  const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE_NAME]);
    if (rowCount === 0) return (await createDatabase(adminUrl, DATABASE_NAME)).url;
  } finally {
    await client.end();
  }
  const url = new URL(adminUrl);
  url.pathname = `/${DATABASE_NAME}`;
  return url.toString();
}
