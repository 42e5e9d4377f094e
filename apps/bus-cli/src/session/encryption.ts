import { readFileSync } from 'node:fs';
import type { EncryptionSettings } from '@bus/platform';
import type { Addresses } from './addresses.ts';

/**
 * The keys the bus seals with: from the environment, else those of the `npm start` that was found. Undefined when neither has them:
 * what the keys of development sealed, no other bus could open. Read only when something is to be sealed.
 *
 * @throws SettingsError when they are no keys
 */
export async function readEncryption({
  settings,
  secretsFile,
}: Addresses): Promise<EncryptionSettings | undefined> {
  const given =
    settings['CHANNELS_ENCRYPTION_KEYS'] === undefined && secretsFile !== undefined
      ? keptKeys(secretsFile)
      : settings;
  if (given['CHANNELS_ENCRYPTION_KEYS'] === undefined) return undefined;
  const { EncryptionSettings, loadSettings } = await import('@bus/platform');
  return loadSettings({ encryption: EncryptionSettings }, given).encryption;
}

/** The file is for its owner alone; whoever may not read it has no keys. */
function keptKeys(secretsFile: string): Record<string, string> {
  try {
    const kept = JSON.parse(readFileSync(secretsFile, 'utf8')) as Record<string, unknown> | null;
    const { encryptionKey, routingKey } = kept ?? {};
    return {
      ...(typeof encryptionKey === 'string' ? { CHANNELS_ENCRYPTION_KEYS: encryptionKey } : {}),
      ...(typeof routingKey === 'string' ? { CHANNELS_ROUTING_KEY: routingKey } : {}),
    };
  } catch {
    return {};
  }
}
