import { describe, expect, it } from 'vitest';
import { givenSettings } from './given-settings.ts';
import { PostgresSettings } from './postgres.settings.ts';
import { RedisSettings } from './redis.settings.ts';

describe('givenSettings', () => {
  it('has what the environment gives for these sections, and nothing else', () => {
    const env = { REDIS_URL: 'redis://r', DATABASE_URL: ' ', REDIS_CA_FILE: undefined, JWT_SECRET: 'x' };
    expect(givenSettings({ redis: RedisSettings, postgres: PostgresSettings }, env)).toEqual({
      REDIS_URL: 'redis://r',
    });
  });
});
