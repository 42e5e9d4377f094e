import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SettingsClass } from '@bus/platform';
import { UnreachableError } from '../cli.errors.ts';

/** Where the servers of the bus are, as settings, and who said so. */
export interface Addresses {
  readonly source: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Where the `npm start` that was found keeps its keys. */
  readonly secretsFile?: string;
}

/** What is read of `.data/runtime.json`; whatever else it holds is nobody's business here. */
interface Runtime {
  readonly redisUrl?: unknown;
  readonly databaseUrl?: unknown;
  readonly mqtt?: {
    readonly host?: unknown;
    readonly port?: unknown;
    readonly tlsPort?: unknown;
    readonly caFile?: unknown;
  };
  readonly demo?: {
    readonly devices?: readonly { readonly username?: unknown; readonly password?: unknown }[];
  };
}

const RUNTIME_FILE = '.data/runtime.json';
const SECRETS_FILE = 'secrets.json';

/**
 * The addresses from the environment when it names Redis; else those of the `npm start` that runs in this folder or in one above it;
 * else whatever the environment names.
 *
 * @throws UnreachableError when neither says anything
 */
export async function findAddresses(folder: string): Promise<Addresses> {
  const given = await givenByEnvironment();
  if (given['REDIS_URL'] !== undefined) return { source: 'the environment', settings: given };
  const file = runtimeFileAbove(folder);
  if (file !== undefined) {
    const keys = await givenEncryption();
    const secretsFile = join(dirname(file), SECRETS_FILE);
    return { source: file, settings: { ...readRuntime(file), ...keys }, secretsFile };
  }
  if (given['DATABASE_URL'] !== undefined || given['MQTT_BROKER_ADDRESS'] !== undefined) {
    return { source: 'the environment', settings: given };
  }
  throw new UnreachableError(
    'No bus is known here.',
    'set REDIS_URL, DATABASE_URL and MQTT_BROKER_ADDRESS, or run this where `npm start` runs',
  );
}

async function givenByEnvironment(): Promise<Record<string, string>> {
  const { givenSettings, MqttSettings, PostgresSettings, RedisSettings } = await import('@bus/platform');
  const sections: Record<string, SettingsClass> = {
    redis: RedisSettings,
    postgres: PostgresSettings,
    mqtt: MqttSettings,
  };
  return { ...givenSettings(sections), ...(await givenEncryption()) };
}

async function givenEncryption(): Promise<Record<string, string>> {
  const { EncryptionSettings, givenSettings } = await import('@bus/platform');
  return givenSettings({ encryption: EncryptionSettings });
}

function runtimeFileAbove(folder: string): string | undefined {
  const file = join(folder, RUNTIME_FILE);
  if (existsSync(file)) return file;
  const parent = dirname(folder);
  return parent === folder ? undefined : runtimeFileAbove(parent);
}

function readRuntime(file: string): Record<string, string> {
  const { redisUrl, databaseUrl, mqtt, demo } = parseRuntime(file);
  const device = demo?.devices?.[0];
  const hasTls = typeof mqtt?.tlsPort === 'number';
  return definedTexts({
    REDIS_URL: redisUrl,
    DATABASE_URL: databaseUrl,
    MQTT_BROKER_ADDRESS: mqtt?.host,
    MQTT_BROKER_PORT: hasTls ? mqtt.tlsPort : mqtt?.port,
    MQTT_SSL_ENABLED: hasTls,
    MQTT_CA_FILE: mqtt?.caFile,
    // The file gives out no broker user of the platform's own; a device may at least knock.
    MQTT_USERNAME: device?.username,
    MQTT_PASSWORD: device?.password,
  });
}

function parseRuntime(file: string): Runtime {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch (cause) {
    throw new UnreachableError(`${file} cannot be read.`, 'stop `npm start` and start it again', cause);
  }
  throw new UnreachableError(
    `${file} does not describe a running bus.`,
    'stop `npm start` and start it again',
  );
}

function definedTexts(values: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
      .map(([name, value]) => [name, String(value)]),
  );
}
