import type { EncryptionSettings, SettingsClass } from '@bus/platform';
import type { Session } from '../session/session.ts';
import { readEncryption } from '../session/encryption.ts';
import { failed, ok, skipped, warning, type Finding } from './finding.ts';

const CORRECT_IT = 'correct the variable and start again';
const KEYS = 'encryption keys';

/** Whether the settings can be used, and whether what goes over a network is encrypted. */
export async function checkConfiguration(session: Session): Promise<Finding[]> {
  const addresses = await session.addresses();
  const { source, settings } = addresses;
  const { isSettingsError, loadSettings, MqttSettings, PostgresSettings, RedisSettings } =
    await import('@bus/platform');
  const problemsOf = (error: unknown): string => {
    if (!isSettingsError(error)) throw error;
    return error.problems.map(({ setting, problem }) => `${setting} ${problem}`).join('; ');
  };
  const usable = (name: string, section: SettingsClass, address: string): Finding => {
    const check = `${name} settings`;
    if (settings[address] === undefined) return skipped(check, `${address} is not given`);
    try {
      loadSettings({ section }, settings);
      return ok(check, `usable, from ${source}`);
    } catch (error) {
      return failed(check, problemsOf(error), CORRECT_IT);
    }
  };
  return [
    usable('Redis', RedisSettings, 'REDIS_URL'),
    usable('Postgres', PostgresSettings, 'DATABASE_URL'),
    usable('broker', MqttSettings, 'MQTT_BROKER_ADDRESS'),
    encryption(settings),
    await readEncryption(addresses).then(encryptionKeys, (error: unknown) =>
      failed(KEYS, problemsOf(error), CORRECT_IT),
    ),
  ];
}

/** Nothing but enqueueing secret parameters needs them here. */
function encryptionKeys(keys: EncryptionSettings | undefined): Finding {
  if (keys === undefined)
    return skipped(KEYS, 'not given; tasks with secret parameters cannot be run from here');
  const { length } = keys.encryptionKeys();
  return ok(KEYS, length === 1 ? 'one, usable' : `${length}, usable; the first one encrypts`);
}

/** Only what leaves the machine needs encryption. */
function encryption(settings: Readonly<Record<string, string>>): Finding {
  const check = 'encryption on the way';
  const open = [
    ...plain('Redis', settings['REDIS_URL'], /^rediss(?:-|:)/),
    ...plain('Postgres', settings['DATABASE_URL'], /[?&]sslmode=(?:require|verify-ca|verify-full)/),
    ...(settings['MQTT_SSL_ENABLED'] === 'true' || isLocal(settings['MQTT_BROKER_ADDRESS'])
      ? []
      : ['the broker']),
  ];
  if (open.length === 0) return ok(check, 'TLS, or nothing leaves this machine');
  return warning(
    check,
    `${open.join(' and ')} without TLS`,
    'use rediss://, sslmode=verify-full and MQTT_SSL_ENABLED',
  );
}

function plain(name: string, url: string | undefined, encrypted: RegExp): string[] {
  if (url === undefined || encrypted.test(url)) return [];
  const host = /^[a-z-]+:\/\/(?:.*@)?([^@/?#]*)/.exec(url)?.[1];
  return isLocal(host) ? [] : [name];
}

function isLocal(host: string | undefined): boolean {
  return host === undefined || /^(?:$|localhost|127\.|\[?::1\]?)/.test(host);
}
