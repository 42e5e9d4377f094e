import { Inject, Logger, Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Metrics, ReadinessRegistry } from '@bus/observability';
import { startRedis, waitFor, type RedisServer } from '@bus/testing';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { POSTGRES_POOL } from '../postgres/postgres-pool.ts';
import { RedisConnections } from '../redis/redis-connections.ts';
import { redisKeys } from '../redis/redis-keys.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { PostgresSettings } from '../settings/postgres.settings.ts';
import { RedisSettings } from '../settings/redis.settings.ts';
import { RuntimeSettings } from '../settings/runtime.settings.ts';
import { PlatformModule } from './platform.module.ts';

/** Uses the connections to the very end, as a module that drains does. */
class LateUser {
  readonly answers: unknown[] = [];
  readonly #redis: RedisConnections;
  readonly #postgres: Pool;

  constructor(redis: RedisConnections, @Inject(POSTGRES_POOL) postgres: Pool) {
    this.#redis = redis;
    this.#postgres = postgres;
  }

  async onModuleDestroy(): Promise<void> {
    await this.#use();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#use();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#use();
  }

  async #use(): Promise<void> {
    const { rows } = await this.#postgres.query('select 1 as one');
    this.answers.push(await this.#redis.commands.ping(), rows[0]?.one);
  }
}

@Module({
  providers: [
    {
      provide: LateUser,
      useFactory: (r: RedisConnections, p: Pool) => new LateUser(r, p),
      inject: [RedisConnections, POSTGRES_POOL],
    },
  ],
})
class LateModule {}

@Module({})
class AppModule {
  static with(...imports: (DynamicModule | typeof LateModule)[]): DynamicModule {
    return { module: AppModule, imports };
  }
}

describe('PlatformModule', () => {
  let server: RedisServer;
  let app: INestApplicationContext;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await startRedis();
  });
  afterAll(async () => {
    Logger.overrideLogger(true);
    await server.stop();
  });
  afterEach(() => app?.close());

  const settings = () =>
    loadSettings(
      { runtime: RuntimeSettings, redis: RedisSettings, postgres: PostgresSettings },
      {
        REDIS_URL: server.url,
        DATABASE_URL: inject('databaseUrl'),
        INSTANCE_ID: 'i-1',
        METRICS_SNAPSHOT_INTERVAL_MS: '100',
      },
    );

  const create = async (...imports: Parameters<typeof AppModule.with>) =>
    (app = await NestFactory.createApplicationContext(AppModule.with(...imports), {
      logger: false,
      abortOnError: false,
    }));

  it('gives what was asked for, and nothing else', async () => {
    const { runtime } = settings();
    await create(PlatformModule.forRoot({ app: 'test', runtime }));
    expect(app.get(RuntimeSettings)).toBe(runtime);
    expect(app.get(Metrics)).toBeInstanceOf(Metrics);
    expect(await app.get(ReadinessRegistry).report()).toEqual({ ready: true, checks: {} });
    expect(() => app.get(RedisConnections)).toThrow('could not find RedisConnections');
    expect(() => app.get(POSTGRES_POOL)).toThrow('could not find Symbol(POSTGRES_POOL)');
  });

  it('closes its connections after everybody else is done with them', async () => {
    await create(LateModule, PlatformModule.forRoot({ app: 'test', ...settings() }));
    const user = app.get(LateUser, { strict: false });
    const pool: Pool = app.get(POSTGRES_POOL);
    const { commands } = app.get(RedisConnections);
    await app.close();
    expect(user.answers).toEqual(['PONG', 1, 'PONG', 1, 'PONG', 1]);
    expect(commands.status).toBe('end');
    expect(pool.ended).toBe(true);
  });

  it('is ready only while its backends answer, and carries on publishing metrics after an outage', async () => {
    await create(PlatformModule.forRoot({ app: 'test', ...settings() }));
    const readiness = app.get(ReadinessRegistry);
    expect(await readiness.report()).toEqual({
      ready: true,
      checks: { redis: { ok: true }, postgres: { ok: true } },
    });

    await server.kill();
    await waitFor(async () => !(await readiness.report()).ready);
    expect((await readiness.report()).checks).toMatchObject({ redis: { ok: false }, postgres: { ok: true } });

    await server.restart();
    const reader = new Redis(server.url);
    await reader.del(redisKeys.metrics);
    await waitFor(() => reader.hexists(redisKeys.metrics, 'test/i-1'));
    await waitFor(async () => (await readiness.report()).ready);
    reader.disconnect();
  });

  it('does not ask for a Postgres that is not required', async () => {
    const { runtime, postgres } = settings();
    await create(PlatformModule.forRoot({ app: 'test', runtime, postgres, isPostgresRequired: false }));
    expect((await app.get<Pool>(POSTGRES_POOL).query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(await app.get(ReadinessRegistry).report()).toEqual({ ready: true, checks: {} });
  });

  it('starts and stops without Redis, and is just not ready', async () => {
    const { runtime, redis } = settings();
    redis.REDIS_URL = 'redis://127.0.0.1:1';
    await create(PlatformModule.forRoot({ app: 'test', runtime, redis }));
    expect((await app.get(ReadinessRegistry).report()).checks['redis']?.ok).toBe(false);
    await app.close();
  });
});
