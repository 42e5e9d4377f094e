import { randomBytes } from 'node:crypto';

import type { MqttCredentials } from '@bus/testing';

/** The processes of the bus, in the order they are started. */
export const BUS_APPS = ['task-worker', 'mqtt-ingest', 'ws-gateway', 'metrics-exporter'] as const;
export type BusApp = (typeof BUS_APPS)[number];

/** The broker users of the bus itself; the names are those of `renderMosquittoAcl`. */
export const INGEST_USER = 'bus-ingest';
export const WORKER_USER = 'bus-worker';

/** What all processes of one bus share and nobody else may know. */
export interface BusSecrets {
  readonly encryptionKey: string;
  readonly routingKey: string;
  readonly jwtSecret: string;
  readonly ingestPassword: string;
  readonly workerPassword: string;
}

/** Where the backends are, as seen by the apps. */
export interface BusBackends {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly mqtt: BrokerAddress;
}

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  /** Set when the connection is to be encrypted. */
  readonly tls?: { readonly caFile?: string };
  /** Set when the broker is not a private one: what every app presents there in place of its own user. */
  readonly credentials?: Partial<MqttCredentials>;
}

export function generateSecrets(): BusSecrets {
  const key = (): string => randomBytes(32).toString('base64');
  const password = (): string => randomBytes(18).toString('base64url');
  return {
    encryptionKey: key(),
    routingKey: key(),
    jwtSecret: key(),
    ingestPassword: password(),
    workerPassword: password(),
  };
}

/** The broker users of the bus itself. */
export function serviceCredentials(secrets: BusSecrets): MqttCredentials[] {
  return [
    { username: INGEST_USER, password: secrets.ingestPassword },
    { username: WORKER_USER, password: secrets.workerPassword },
  ];
}

/**
 * The environment of one app: only what that app reads, so each process holds the fewest secrets. Where it listens is
 * added by the caller.
 */
export function appEnvironment(
  app: BusApp,
  backends: BusBackends,
  secrets: BusSecrets,
): Record<string, string> {
  const redis = { REDIS_URL: backends.redisUrl };
  const postgres = { DATABASE_URL: backends.databaseUrl };
  const channels = {
    CHANNELS_ENCRYPTION_KEYS: secrets.encryptionKey,
    CHANNELS_ROUTING_KEY: secrets.routingKey,
  };
  const mqtt = (username: string, password: string): Record<string, string> =>
    mqttEnvironment(backends.mqtt, backends.mqtt.credentials ?? { username, password });
  switch (app) {
    case 'mqtt-ingest':
      return { ...redis, ...postgres, ...channels, ...mqtt(INGEST_USER, secrets.ingestPassword) };
    case 'task-worker':
      return { ...redis, ...postgres, ...channels, ...mqtt(WORKER_USER, secrets.workerPassword) };
    case 'ws-gateway':
      return { ...redis, ...postgres, ...channels, JWT_SECRET: secrets.jwtSecret };
    case 'metrics-exporter':
      return { ...redis, ...mqtt(INGEST_USER, secrets.ingestPassword) };
    default:
      return app satisfies never;
  }
}

function mqttEnvironment(
  { host, port, tls }: BrokerAddress,
  { username, password }: Partial<MqttCredentials>,
): Record<string, string> {
  return {
    MQTT_BROKER_ADDRESS: host,
    MQTT_BROKER_PORT: String(port),
    MQTT_SSL_ENABLED: String(tls !== undefined),
    ...(tls?.caFile === undefined ? {} : { MQTT_CA_FILE: tls.caFile }),
    ...(username === undefined ? {} : { MQTT_USERNAME: username }),
    ...(password === undefined ? {} : { MQTT_PASSWORD: password }),
  };
}
