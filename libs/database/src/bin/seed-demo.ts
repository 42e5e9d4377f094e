import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { PostgresSettings, RuntimeSettings } from '@bus/platform';
import { buildDemoFleet, DEMO_USERS } from '../demo/demo-fleet.ts';
import { demoPasswordsOf, DemoSettings } from '../demo/demo.settings.ts';
import { seedDemo } from '../demo/seed-demo.ts';
import { runOnDatabase } from './run-on-database.ts';

/**
 * Seeds the demo into the (migrated) database of DATABASE_URL. Prints
 * `{"users":[{username,password,role}],"devices":[{username,kind,client}]}`. Refuses to run in production.
 */
await runOnDatabase(
  { postgres: PostgresSettings, runtime: RuntimeSettings, demo: DemoSettings },
  async (pool, { demo }) => {
    const given = demoPasswordsOf(demo);
    const users = DEMO_USERS.map(({ username, role }) => ({
      username,
      password: given.get(username) ?? randomBytes(12).toString('base64url'),
      role,
    }));
    const devices = buildDemoFleet({
      device: demo.DEMO_DEVICES,
      guard: demo.DEMO_GUARDS,
      sensor: demo.DEMO_SENSORS,
      edge: demo.DEMO_EDGES,
    });
    const passwords = Object.fromEntries(users.map(({ username, password }) => [username, password]));
    await seedDemo(pool, { passwords, fleet: devices });
    return { users, devices };
  },
);
