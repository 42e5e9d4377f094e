import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ConnectionOptions } from 'node:tls';
import { Logger } from '@nestjs/common';
import type { Metrics } from '@bus/observability';
import type { Pool } from 'pg';
import { RepeatedWarning } from '../lifecycle/repeated-warning.ts';
import type { PostgresSettings } from '../settings/postgres.settings.ts';
import { tlsModeOf } from './postgres-url.ts';

/** Injection token of the pg.Pool of the process. */
export const POSTGRES_POOL = Symbol('POSTGRES_POOL');

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;

/** A transaction nobody continues holds locks; the server ends it. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;

/**
 * A pool that opens connections when needed. Waiting for a connection ends after 5 s and a statement after 30 s, both with
 * an error. A connection lost while idle is logged and replaced; it never crashes the process.
 */
export function createPostgresPool(
  settings: PostgresSettings,
  options: { applicationName?: string; metrics?: Metrics } = {},
): Pool {
  // Loaded when needed: apps without Postgres start faster and stay smaller.
  const { Pool }: typeof import('pg') = createRequire(import.meta.url)('pg');
  const ssl = tlsOptions(settings);
  const pool = new Pool({
    connectionString: withoutTlsParameters(settings.DATABASE_URL),
    ...(ssl ? { ssl } : {}),
    max: settings.DATABASE_POOL_SIZE,
    application_name: (options.applicationName ?? 'bus').slice(0, 63),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // The server cannot end a statement when it cannot be reached; the client gives up a little later.
    query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  const warning = new RepeatedWarning(new Logger('Postgres'));
  pool.on('error', (error) => {
    options.metrics?.counter('bus_database_errors_total').inc({ source: 'idle_connection' });
    warning.warn('An idle Postgres connection was lost; the pool opens another when needed.', error);
  });
  if (options.metrics) measure(pool, options.metrics);
  return pool;
}

function measure(pool: Pool, metrics: Metrics): void {
  const connections = metrics.gauge('bus_database_pool_connections');
  metrics.beforeCollect(() => {
    connections.set({ state: 'active' }, pool.totalCount - pool.idleCount);
    connections.set({ state: 'idle' }, pool.idleCount);
    connections.set({ state: 'waiting' }, pool.waitingCount);
  });
}

function tlsOptions(settings: PostgresSettings): ConnectionOptions | undefined {
  const mode = tlsModeOf(settings);
  if (mode === 'off') return undefined;
  const ca = settings.DATABASE_CA_FILE === undefined ? undefined : readFileSync(settings.DATABASE_CA_FILE);
  return {
    rejectUnauthorized: mode !== 'encrypt',
    ...(ca ? { ca } : {}),
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}

/** The driver has its own, changing reading of sslmode that would override ours. */
function withoutTlsParameters(url: string): string {
  const plain = new URL(url);
  for (const name of ['sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'ssl', 'uselibpqcompat']) {
    plain.searchParams.delete(name);
  }
  return plain.href;
}
