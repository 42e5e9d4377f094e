import 'vitest';

/**
 * What `inject(name)` gives to an `*.integration.spec.ts`: real servers, started once per run and shared by all
 * projects. Take a database of your own on each (`createDatabase`, `createRedisDatabase`) and use client ids and
 * topics of your own on the broker. To stop, kill or configure a server, start one of your own instead.
 */
export interface SharedBackends {
  /** Append-only file on, 10 000 numbered databases. */
  redisUrl: string;
  mqttHost: string;
  mqttPort: number;
  mqttTlsPort: number;
  /** The authority to trust on `mqttTlsPort`. */
  mqttCaFile: string;
  /** May publish and subscribe to everything; there is no ACL. */
  mqttUsername: string;
  mqttPassword: string;
  /** Superuser URL, for `createDatabase`. */
  databaseUrl: string;
}

declare module 'vitest' {
  export interface ProvidedContext extends SharedBackends {}
}
