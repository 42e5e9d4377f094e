import { rmSync } from 'node:fs';
import { DEMO_FLEET, DEMO_USERS } from '@bus/database';
import type { CloneSecrets } from './secret-store.ts';
import type { StartedBackends } from './start-backends.ts';
import { writePrivateFile, type StateDirectory } from './state-directory.ts';

/** What `.data/runtime.json` tells programs while the bus runs. */
export interface Runtime {
  nocUrl: string;
  metricsUrl: string;
  mqtt: { host: string; port: number; tlsPort: number | null; caFile: string | null };
  redisUrl: string;
  databaseUrl: string;
  demo: {
    users: { username: string; password: string; role: string }[];
    /** Empty when the broker is not a private one: its users are not ours to give out. */
    devices: { username: string; password: string }[];
  };
}

export function describeRuntime(
  { addresses, privateBroker }: StartedBackends,
  secrets: CloneSecrets,
  ports: { noc: number; metrics: number },
): Runtime {
  const { mqtt: broker } = addresses;
  return {
    nocUrl: `http://127.0.0.1:${ports.noc}`,
    metricsUrl: `http://127.0.0.1:${ports.metrics}/metrics/export/`,
    mqtt: {
      host: broker.host,
      port: broker.port,
      tlsPort: privateBroker?.tlsPort ?? (broker.tls === undefined ? null : broker.port),
      caFile: privateBroker?.caFile ?? broker.tls?.caFile ?? null,
    },
    redisUrl: addresses.redisUrl,
    databaseUrl: addresses.databaseUrl,
    demo: {
      users: DEMO_USERS.map(({ username, role }) => ({
        username,
        password: secrets.demoUserPasswords[username] ?? '',
        role,
      })),
      devices:
        privateBroker === undefined
          ? []
          : DEMO_FLEET.map(({ username }) => ({
              username,
              password: secrets.devicePasswords[username] ?? '',
            })),
    },
  };
}

/** Writes the file in one step, readable by its owner only, and returns the function that removes it. */
export function publishRuntime(state: StateDirectory, runtime: Runtime): () => void {
  writePrivateFile(state.file('runtime.json'), runtime);
  return () => rmSync(state.file('runtime.json'), { force: true });
}
