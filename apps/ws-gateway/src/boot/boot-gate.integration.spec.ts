import { isSettingsError } from '@bus/platform';
import { afterAll, afterEach, beforeAll, expect, inject, it, vi } from 'vitest';
import { createTestBus, JWT_SECRET, type TestBus } from '../fixtures/test-bus.fixture.ts';
import { loadGatewaySettings } from './boot-gate.ts';

let bus: TestBus;

beforeAll(async () => {
  bus = await createTestBus({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => bus.close());

async function problemsOf(env: Record<string, string>): Promise<string[]> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    await loadGatewaySettings();
    return [];
  } catch (error) {
    if (!isSettingsError(error)) throw error;
    return error.problems.map(({ setting, problem }) => `${setting} ${problem}`);
  }
}

it('a start in production tells of demo users together with everything else', async () => {
  const env = {
    NODE_ENV: 'production',
    DATABASE_URL: bus.databaseUrl,
    JWT_SECRET: 'demo',
    WEBSOCKET_ALLOWED_ORIGINS: '*',
  };
  expect((await problemsOf(env)).some((problem) => problem.includes('demo users'))).toBe(false);
  await bus.pool.query(`update users set is_demo = true where username = 'operator'`);
  const problems = await problemsOf(env);
  const variables = [
    'CHANNELS_ENCRYPTION_KEYS',
    'DATABASE_URL',
    'JWT_SECRET',
    'REDIS_URL',
    'WEBSOCKET_ALLOWED_ORIGINS',
  ];
  expect(problems.map((problem) => problem.split(' ')[0])).toEqual(expect.arrayContaining(variables));
  expect(problems.filter((problem) => problem.includes('demo users'))).toHaveLength(1);
  expect(await problemsOf({ NODE_ENV: 'development', DATABASE_URL: bus.databaseUrl, JWT_SECRET })).toEqual(
    [],
  );
});

it('a database that cannot be asked does not hold up the start', async () => {
  const env = {
    NODE_ENV: 'production',
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/none?sslmode=require',
  };
  expect((await problemsOf(env)).some((problem) => problem.includes('demo users'))).toBe(false);
});
