import 'reflect-metadata';

import { CircuitBreakerModule, CircuitBreakers } from '@bus/circuit-breaker';
import { loadSettings, PlatformModule, RedisSettings, RuntimeSettings } from '@bus/platform';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

export interface OpenBreakers {
  readonly breakers: CircuitBreakers;
  close(): Promise<void>;
}

/** The circuit breakers as an app gets them. */
export async function openBreakers(redisUrl: string): Promise<OpenBreakers> {
  const settings = loadSettings(
    { runtime: RuntimeSettings, redis: RedisSettings },
    { REDIS_URL: redisUrl, LOG_LEVEL: 'warn' },
  );
  @Module({
    imports: [PlatformModule.forRoot({ app: 'bench', ...settings }), CircuitBreakerModule.forRoot()],
  })
  class BenchBreakers {}
  const app = await NestFactory.createApplicationContext(BenchBreakers, {
    logger: ['warn', 'error'],
    abortOnError: false,
  });
  return { breakers: app.get(CircuitBreakers), close: () => app.close() };
}
