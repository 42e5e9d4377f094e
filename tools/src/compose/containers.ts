import type { SystemUser } from '@bus/testing';
import type { BusApp } from '../bus/app-environment.ts';

/** The services of docker-compose.yml that are handed files by its `prepare` step. */
export type PreparedService = BusApp | 'redis' | 'mosquitto' | 'postgres' | 'migrate' | 'fleet';

/** `node` in the image of the Dockerfile. */
const NODE: SystemUser = { uid: 1000, gid: 1000 };

/** Who each service runs as. The numbers are those of the images; docker-compose.yml names the same ones. */
export const CONTAINER_USERS: Readonly<Record<PreparedService, SystemUser>> = {
  redis: { uid: 999, gid: 999 },
  mosquitto: { uid: 1883, gid: 1883 },
  postgres: { uid: 999, gid: 999 },
  migrate: NODE,
  'task-worker': NODE,
  'mqtt-ingest': NODE,
  'ws-gateway': NODE,
  'metrics-exporter': NODE,
  fleet: NODE,
};

export const PREPARED_SERVICES = Object.keys(CONTAINER_USERS) as PreparedService[];

/** Where every service finds what was prepared for it. */
export const CONFIG_DIRECTORY = '/config';

/** The servers as the other containers reach them. */
export const SERVERS = {
  redis: { host: 'redis', port: 6379 },
  mosquitto: { host: 'mosquitto', port: 1883, dataDirectory: '/mosquitto/data' },
  postgres: { host: 'postgres', port: 5432, database: 'bus', user: 'bus' },
} as const;

/** The ports of this machine that docker-compose.yml publishes unless the environment names others. */
export const PUBLISHED_PORTS = { noc: 8080, metrics: 9464 } as const;
