import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PlatformModule } from '../nest/platform.module.ts';
import { loadSettingsOrExit } from '../settings/load-settings-or-exit.ts';
import { RedisSettings } from '../settings/redis.settings.ts';
import { RuntimeSettings } from '../settings/runtime.settings.ts';
import { runApp } from './run-app.ts';

/*
 * A small app for run-app.integration.spec.ts, run as a process of its own. FIXTURE says how it misbehaves:
 * start-fails, start-slow, drain-slow, drain-hangs, close-fails, throws, rejects.
 */
const behaviour = process.env['FIXTURE'];
const withRedis = process.env['REDIS_URL'] !== undefined;

class Work {
  readonly #logger = new Logger('Work');

  async onModuleInit(): Promise<void> {
    this.#logger.log('starting');
    if (behaviour === 'start-fails') throw new Error('no work to do, password=canary');
    if (behaviour === 'start-slow') await sleep(700);
  }

  onApplicationBootstrap(): void {
    if (behaviour === 'throws') setTimeout(() => void this.#fail(), 50);
    if (behaviour === 'rejects')
      setTimeout(() => void Promise.reject(new Error('rejected, password=canary')), 50);
  }

  onModuleDestroy(): void {
    this.#logger.log('intake stopped');
    if (behaviour === 'close-fails') throw new Error('cannot stop');
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (behaviour === 'drain-slow') await sleep(700);
    if (behaviour === 'drain-hangs') await new Promise(() => setInterval(() => {}, 1_000));
    this.#logger.log('drained');
  }

  onApplicationShutdown(): void {
    this.#logger.log('connections closed');
  }

  #fail(): never {
    throw new Error('thrown, password=canary');
  }
}

@Module({})
class FixtureModule {
  static forRoot(imports: DynamicModule[]): DynamicModule {
    return { module: FixtureModule, imports, providers: [Work] };
  }
}

const { runtime, redis } = loadSettingsOrExit('fixture', { runtime: RuntimeSettings, redis: RedisSettings });

await runApp({
  app: 'fixture',
  settings: { runtime },
  createApp: (logger) =>
    NestFactory.createApplicationContext(
      FixtureModule.forRoot([
        PlatformModule.forRoot({ app: 'fixture', runtime, ...(withRedis ? { redis } : {}) }),
      ]),
      { logger, abortOnError: false },
    ),
});
