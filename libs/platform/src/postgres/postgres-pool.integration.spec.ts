import { execFileSync } from 'node:child_process';
import { Logger } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import {
  createCertificates,
  giveTo,
  serviceUser,
  startPostgres,
  waitFor,
  type PostgresServer,
} from '@bus/testing';
import type { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSettings } from '../settings/load-settings.ts';
import { PostgresSettings } from '../settings/postgres.settings.ts';
import { createPostgresPool } from './postgres-pool.ts';

describe('createPostgresPool', () => {
  let server: PostgresServer;
  let pool: Pool;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await startPostgres();
  });
  afterEach(() => pool.end());
  afterAll(async () => {
    Logger.overrideLogger(true);
    await server.stop();
  });

  function open(env: Record<string, string> = {}, metrics?: Metrics): Pool {
    const { postgres } = loadSettings({ postgres: PostgresSettings }, { DATABASE_URL: server.url, ...env });
    return (pool = createPostgresPool(postgres, {
      applicationName: 'task-worker:w-1',
      ...(metrics ? { metrics } : {}),
    }));
  }

  const show = async (name: string): Promise<unknown> => (await pool.query(`show ${name}`)).rows[0]?.[name];

  it('names its sessions and limits how long they may take', async () => {
    open();
    expect(await show('application_name')).toBe('task-worker:w-1');
    expect(await show('statement_timeout')).toBe('30s');
    expect(await show('idle_in_transaction_session_timeout')).toBe('1min');
  });

  it('opens no more connections than it may, and measures them', async () => {
    const metrics = new Metrics({ app: 'test', instance: 'i' });
    open({ DATABASE_POOL_SIZE: '2' }, metrics);
    const [first, second] = await Promise.all([pool.connect(), pool.connect()]);
    const third = pool.connect();
    expect(pool.totalCount).toBe(2);
    expect((await metrics.render()).body).toMatch(/bus_database_pool_connections\{state="active".*\} 2/);
    first.release();
    (await third).release();
    second.release();
    expect((await metrics.render()).body).toMatch(/bus_database_pool_connections\{state="active".*\} 0/);
  });

  it('survives the loss of its idle connections', async () => {
    const metrics = new Metrics({ app: 'test', instance: 'i' });
    open({}, metrics);
    await pool.query('select 1');
    await server.kill();
    await waitFor(async () =>
      /bus_database_errors_total\{source="idle_connection".*\} [1-9]/.test((await metrics.render()).body),
    );
    await expect(pool.query('select 1')).rejects.toThrow(/ECONNREFUSED|terminated/);
    await server.restart();
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('speaks TLS as far as sslmode asks for it', async () => {
    const certificates = await createCertificates(server.dir);
    giveTo(serviceUser('postgres'), certificates.certFile, certificates.keyFile);
    execFileSync('chmod', ['600', certificates.keyFile]);
    const admin = open();
    for (const [name, value] of Object.entries({
      ssl_cert_file: certificates.certFile,
      ssl_key_file: certificates.keyFile,
      ssl: 'on',
    })) {
      await admin.query(`alter system set ${name} = '${value}'`);
    }
    await admin.query('select pg_reload_conf()');
    await admin.end();
    const isEncrypted = async () =>
      (await pool.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()')).rows[0]?.ssl;
    const url = (query: string) => ({ DATABASE_URL: `${server.url}?${query}` });
    const ca = { DATABASE_CA_FILE: certificates.caFile };

    open();
    expect(await isEncrypted()).toBe(false);
    await pool.end();
    for (const env of [url('sslmode=require'), ca, { ...url('sslmode=verify-full'), ...ca }]) {
      open(env);
      expect(await isEncrypted()).toBe(true);
      await pool.end();
    }
    open(url('sslmode=verify-full'));
    await expect(pool.query('select 1')).rejects.toThrow(/certificate/);
    await pool.end();
    // The certificate names localhost and 127.0.0.1, not this alias.
    const alias = { DATABASE_URL: server.url.replace('127.0.0.1', '127.1') };
    open({ ...alias, ...ca });
    await expect(pool.query('select 1')).rejects.toThrow(/does not match certificate/);
    await pool.end();
    open({ DATABASE_URL: `${alias.DATABASE_URL}?sslmode=verify-ca`, ...ca });
    expect(await isEncrypted()).toBe(true);
  });
});
