import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DEVELOPMENT_ENCRYPTION_KEY, EncryptionSettings } from './encryption.settings.ts';
import { loadSettings } from './load-settings.ts';
import { MqttSettings } from './mqtt.settings.ts';
import { PostgresSettings } from './postgres.settings.ts';
import { RedisSettings } from './redis.settings.ts';
import { RuntimeSettings } from './runtime.settings.ts';
import { isSettingsError } from './settings.errors.ts';

const SECTIONS = {
  runtime: RuntimeSettings,
  redis: RedisSettings,
  mqtt: MqttSettings,
  postgres: PostgresSettings,
  encryption: EncryptionSettings,
};

const key = () => randomBytes(32).toString('base64');
const readableFile = fileURLToPath(import.meta.url);

function secureEnvironment(): Record<string, string> {
  return {
    NODE_ENV: 'production',
    REDIS_URL: 'rediss://app:pw@redis:6380',
    MQTT_SSL_ENABLED: 'true',
    MQTT_USERNAME: 'bus-ingest',
    MQTT_PASSWORD: 'pw',
    DATABASE_URL: 'postgresql://bus:pw@db/bus?sslmode=verify-full',
    CHANNELS_ENCRYPTION_KEYS: `${key()},${key()}`,
    CHANNELS_ROUTING_KEY: key(),
  };
}

function problemsWith(changes: Record<string, string | undefined>): string[] {
  try {
    loadSettings(SECTIONS, { ...secureEnvironment(), ...changes });
    return [];
  } catch (error) {
    if (!isSettingsError(error)) throw error;
    return error.problems.map(({ setting, problem }) => `${setting}: ${problem}`);
  }
}

describe('production gate', () => {
  it('opens for secure settings', () => {
    expect(problemsWith({})).toEqual([]);
  });

  it.each<[string, Record<string, string | undefined>, RegExp[]]>([
    ['Redis without TLS', { REDIS_URL: 'redis://app:pw@redis' }, [/^REDIS_URL: must use TLS/]],
    ['Redis by default', { REDIS_URL: undefined }, [/^REDIS_URL: must use TLS/]],
    ['a plain cluster', { REDIS_URL: 'redis-cluster://a,b' }, [/^REDIS_URL: must use TLS/]],
    ['MQTT without TLS', { MQTT_SSL_ENABLED: 'false' }, [/^MQTT_SSL_ENABLED: must be true/]],
    [
      'anonymous MQTT',
      { MQTT_USERNAME: '', MQTT_PASSWORD: '' },
      [/^MQTT_USERNAME: .*anonymous MQTT is refused/],
    ],
    ['MQTT without password', { MQTT_PASSWORD: '' }, [/^MQTT_USERNAME: .*anonymous/]],
    ['Postgres without TLS', { DATABASE_URL: 'postgresql://bus:pw@db/bus' }, [/^DATABASE_URL: must use TLS/]],
    [
      'no encryption keys',
      { CHANNELS_ENCRYPTION_KEYS: '' },
      [/^CHANNELS_ENCRYPTION_KEYS: must be set to keys of your own/],
    ],
    ['the development key', { CHANNELS_ENCRYPTION_KEYS: DEVELOPMENT_ENCRYPTION_KEY }, [/keys of your own/]],
    [
      'the development key in second place',
      { CHANNELS_ENCRYPTION_KEYS: `${key()},${DEVELOPMENT_ENCRYPTION_KEY}` },
      [/keys of your own/],
    ],
    [
      'a key of zeros',
      { CHANNELS_ENCRYPTION_KEYS: Buffer.alloc(32).toString('base64') },
      [/^CHANNELS_ENCRYPTION_KEYS: holds a weak key/],
    ],
    [
      'a key of text',
      { CHANNELS_ENCRYPTION_KEYS: Buffer.from('my very secret password, my dear').toString('base64') },
      [/weak key/],
    ],
    [
      'a counting key',
      { CHANNELS_ENCRYPTION_KEYS: Buffer.from([...Array(32).keys()]).toString('base64') },
      [/weak key/],
    ],
    [
      'a short key',
      { CHANNELS_ENCRYPTION_KEYS: randomBytes(16).toString('base64') },
      [/key 1 of 1 must be 32 bytes, not 16/],
    ],
    [
      'a key that is not base64',
      { CHANNELS_ENCRYPTION_KEYS: `${key()},not*base64` },
      [/key 2 of 2 must be base64/],
    ],
    ['no routing key', { CHANNELS_ROUTING_KEY: '' }, [/^CHANNELS_ROUTING_KEY: is required in production/]],
    [
      'a weak routing key',
      { CHANNELS_ROUTING_KEY: Buffer.alloc(32, 7).toString('base64') },
      [/^CHANNELS_ROUTING_KEY: is weak/],
    ],
  ])('stays shut for %s', (_name, changes, expected) => {
    const problems = problemsWith(changes);
    expect(problems).toHaveLength(expected.length);
    expected.forEach((pattern, index) => expect(problems[index]).toMatch(pattern));
  });

  it('stays shut when a key is used twice', () => {
    const twice = key();
    expect(problemsWith({ CHANNELS_ENCRYPTION_KEYS: `${twice},${twice}` })).toEqual([
      'CHANNELS_ENCRYPTION_KEYS: holds the same key twice',
    ]);
    expect(problemsWith({ CHANNELS_ENCRYPTION_KEYS: twice, CHANNELS_ROUTING_KEY: twice })).toEqual([
      'CHANNELS_ROUTING_KEY: must differ from every key in CHANNELS_ENCRYPTION_KEYS',
    ]);
  });

  it('accepts a client certificate in place of an MQTT password, but no half of one', () => {
    const certificate = { MQTT_USERNAME: '', MQTT_PASSWORD: '', MQTT_CERT_FILE: readableFile };
    expect(problemsWith({ ...certificate, MQTT_KEY_FILE: readableFile })).toEqual([]);
    expect(problemsWith({ MQTT_CERT_FILE: readableFile })).toEqual([
      'MQTT_KEY_FILE: must be set together with MQTT_CERT_FILE',
    ]);
    expect(problemsWith({ ...certificate, MQTT_KEY_FILE: '/missing' })).toContainEqual(
      'MQTT_KEY_FILE: must be the path of a file this process can read',
    );
  });

  it.each(['sslmode=require', 'sslmode=verify-ca'])('accepts Postgres with %s', (query) => {
    expect(problemsWith({ DATABASE_URL: `postgresql://bus:pw@db/bus?${query}` })).toEqual([]);
  });

  it('accepts Postgres with a CA file', () => {
    expect(
      problemsWith({ DATABASE_URL: 'postgresql://bus:pw@db/bus', DATABASE_CA_FILE: readableFile }),
    ).toEqual([]);
  });

  it('lists every reason at once, without a value', () => {
    const problems = problemsWith({
      REDIS_URL: 'redis://canary:canary@h',
      MQTT_SSL_ENABLED: '',
      MQTT_PASSWORD: '',
      DATABASE_URL: 'postgresql://canary:canary@db/bus',
      CHANNELS_ENCRYPTION_KEYS: 'canary',
      CHANNELS_ROUTING_KEY: 'canary',
    });
    expect(problems).toHaveLength(6);
    expect(problems.join()).not.toContain('canary');
  });
});

describe('EncryptionSettings', () => {
  it('works without a key in development', () => {
    const { encryption } = loadSettings({ encryption: EncryptionSettings }, {});
    expect(encryption.encryptionKeys().map(({ length }) => length)).toEqual([32]);
    expect(encryption.routingKey()).toHaveLength(32);
    expect(encryption.routingKey()).not.toEqual(encryption.encryptionKeys()[0]);
  });

  it('keeps the derived routing key while new keys are put in front', () => {
    const [old, fresh] = [key(), key()];
    const load = (keys: string) =>
      loadSettings({ e: EncryptionSettings }, { CHANNELS_ENCRYPTION_KEYS: keys }).e;
    expect(load(`${fresh},${old}`).routingKey()).toEqual(load(old).routingKey());
    expect(load(fresh).routingKey()).not.toEqual(load(old).routingKey());
  });

  it('takes the routing key that is set', () => {
    const routing = key();
    const { e } = loadSettings({ e: EncryptionSettings }, { CHANNELS_ROUTING_KEY: routing });
    expect(e.routingKey().toString('base64')).toBe(routing);
  });
});
