import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import { REPOSITORY_ROOT } from '@bus/testing';
import { describe, expect, it } from 'vitest';

const DEMO_SECRET = 'secret';

/** Everything wrong at once, as a careless first deployment would have it. */
const CARELESS = {
  NODE_ENV: 'production',
  REDIS_URL: 'redis://:redis-password-4711@127.0.0.1:6399',
  DATABASE_URL: 'postgresql://bus:database-password-4711@127.0.0.1:5499/bus',
  MQTT_SSL_ENABLED: 'false',
  JWT_SECRET: DEMO_SECRET,
  WEBSOCKET_ALLOWED_ORIGINS: '*',
};

const REASONS: Record<string, readonly string[]> = {
  'mqtt-ingest': [
    'REDIS_URL',
    'DATABASE_URL',
    'MQTT_SSL_ENABLED',
    'MQTT_USERNAME',
    'CHANNELS_ENCRYPTION_KEYS',
  ],
  'task-worker': [
    'REDIS_URL',
    'DATABASE_URL',
    'MQTT_SSL_ENABLED',
    'MQTT_USERNAME',
    'CHANNELS_ENCRYPTION_KEYS',
  ],
  'ws-gateway': [
    'REDIS_URL',
    'DATABASE_URL',
    'CHANNELS_ENCRYPTION_KEYS',
    'JWT_SECRET',
    'WEBSOCKET_ALLOWED_ORIGINS',
  ],
  'metrics-exporter': ['REDIS_URL', 'PROMETHEUS_ALLOWED_IPS'],
};

describe('production', () => {
  it.each(Object.entries(REASONS))(
    'does not start a half-secured %s, and lists all reasons',
    async (app, names) => {
      const { code, output } = await run(app);
      expect(code).toBe(1);
      for (const name of names) expect(output).toContain(name);
      expect(output).not.toContain('4711');
      expect(output).not.toMatch(/"ready"/);
    },
  );
});

async function run(app: string): Promise<{ code: number | null; output: string }> {
  const main = path.join(REPOSITORY_ROOT, 'apps', app, 'dist/main.js');
  const child = spawn(process.execPath, [main], { env: { PATH: process.env['PATH'], ...CARELESS } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
