import { DEMO_FLEET, DEMO_USERS } from '@bus/database';
import { renderPasswordFile } from '@bus/testing';
import { renderMosquittoAcl } from '@bus/topic-whitelist';
import { appEnvironment, BUS_APPS, serviceCredentials, type BusBackends } from '../bus/app-environment.ts';
import type { Runtime } from '../start/runtime-file.ts';
import type { CloneSecrets } from '../start/secret-store.ts';
import { PUBLISHED_PORTS, SERVERS, type PreparedService } from './containers.ts';
import { renderEnvFile } from './env-file.ts';
import { renderMosquittoConf, renderRedisConf, type BrokerPlaces } from './server-files.ts';

export interface PreparedFile {
  readonly service: PreparedService;
  readonly name: string;
  readonly content: string;
}

export interface PreparedFilesOptions {
  /** The ports of this machine the NOC and the metrics are published on. */
  readonly ports?: { readonly noc: number; readonly metrics: number };
  readonly broker?: BrokerPlaces;
}

/** Every file the services are given: what each of them reads, and nothing more. */
export function renderPreparedFiles(
  secrets: CloneSecrets,
  options: PreparedFilesOptions = {},
): PreparedFile[] {
  const runtime = describeRuntime(secrets, options.ports ?? PUBLISHED_PORTS);
  const { devices } = runtime.demo;
  return [
    { service: 'redis', name: 'redis.conf', content: renderRedisConf(secrets.redisPassword) },
    // For the health check, which must not show the password on its command line.
    { service: 'redis', name: 'password', content: secrets.redisPassword },
    { service: 'mosquitto', name: 'mosquitto.conf', content: renderMosquittoConf(options.broker) },
    { service: 'mosquitto', name: 'acl', content: renderMosquittoAcl() },
    {
      service: 'mosquitto',
      name: 'passwords',
      content: renderPasswordFile([...serviceCredentials(secrets), ...devices]),
    },
    { service: 'postgres', name: 'password', content: secrets.postgresPassword },
    { service: 'migrate', name: 'runtime.json', content: asJson(runtime) },
    ...BUS_APPS.map((app) => ({
      service: app,
      name: 'app.env',
      content: renderEnvFile(appEnvironment(app, backendsFor(secrets), secrets)),
    })),
    {
      service: 'fleet',
      name: 'runtime.json',
      content: asJson({ mqtt: runtime.mqtt, demo: { devices } } satisfies FleetRuntime),
    },
  ];
}

/** As much of the runtime as the simulated fleet reads. */
interface FleetRuntime {
  readonly mqtt: Runtime['mqtt'];
  readonly demo: Pick<Runtime['demo'], 'devices'>;
}

function backendsFor(secrets: CloneSecrets): BusBackends {
  const { redis, mosquitto, postgres } = SERVERS;
  return {
    redisUrl: `redis://:${secrets.redisPassword}@${redis.host}:${redis.port}`,
    databaseUrl:
      `postgresql://${postgres.user}:${secrets.postgresPassword}@` +
      `${postgres.host}:${postgres.port}/${postgres.database}`,
    mqtt: { host: mosquitto.host, port: mosquitto.port },
  };
}

function describeRuntime(secrets: CloneSecrets, ports: { noc: number; metrics: number }): Runtime {
  const { redisUrl, databaseUrl, mqtt } = backendsFor(secrets);
  return {
    nocUrl: `http://127.0.0.1:${ports.noc}`,
    metricsUrl: `http://127.0.0.1:${ports.metrics}/metrics/export/`,
    mqtt: { host: mqtt.host, port: mqtt.port, tlsPort: null, caFile: null },
    redisUrl,
    databaseUrl,
    demo: {
      users: DEMO_USERS.map(({ username, role }) => ({
        username,
        role,
        password: secrets.demoUserPasswords[username] ?? '',
      })),
      devices: DEMO_FLEET.map(({ username }) => ({
        username,
        password: secrets.devicePasswords[username] ?? '',
      })),
    },
  };
}

function asJson(content: unknown): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
