import 'reflect-metadata';
import { PostgresSettings } from '@bus/platform';
import { migrate } from '../migrations/migrate.ts';
import { runOnDatabase } from './run-on-database.ts';

/** Brings the database of DATABASE_URL to the schema of this build. Prints `{"migrated":[names]}`. */
await runOnDatabase({ postgres: PostgresSettings }, async (pool) => ({ migrated: await migrate(pool) }));
