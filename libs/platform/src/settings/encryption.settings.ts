import { hkdfSync } from 'node:crypto';
import { ArrayNotEmpty } from 'class-validator';
import { decodeKey, isWeakKey, keyProblem } from './encryption-keys.ts';
import { FollowsRule } from './rules.ts';
import { Setting } from './setting.decorator.ts';

/** Lets a fresh checkout start without a key. Public by nature, so production refuses it. */
export const DEVELOPMENT_ENCRYPTION_KEY = 'ZGV2ZWxvcG1lbnQtb25seS1rZXktbm90LWEtc2VjcmU=';

/** The keys that seal everything the processes tell each other. */
export class EncryptionSettings {
  @Setting({
    description:
      'Comma separated encryption keys, 32 random bytes in base64 each (openssl rand -base64 32). ' +
      'The first one encrypts, all of them decrypt. Required in production.',
    secret: true,
    default: [DEVELOPMENT_ENCRYPTION_KEY],
  })
  @ArrayNotEmpty({ message: 'must hold at least one key' })
  @FollowsRule('areEncryptionKeys', (value) =>
    Array.isArray(value) ? firstKeyProblem(value) : 'must be a list of keys',
  )
  CHANNELS_ENCRYPTION_KEYS!: string[];

  @Setting({
    description:
      'Key that hides group names, 32 random bytes in base64. Stays the same while encryption keys rotate. ' +
      'Required in production, otherwise derived from the last encryption key.',
    secret: true,
    optional: true,
  })
  @FollowsRule('isEncryptionKey', (value) => keyProblem(String(value)))
  CHANNELS_ROUTING_KEY?: string;

  /** The encryption keys as 32-byte buffers, in their order. */
  encryptionKeys(): Buffer[] {
    return this.CHANNELS_ENCRYPTION_KEYS.map(decodeKey);
  }

  /** The 32-byte routing key: the one set, or else derived from the last (oldest) encryption key. */
  routingKey(): Buffer {
    if (this.CHANNELS_ROUTING_KEY !== undefined) return decodeKey(this.CHANNELS_ROUTING_KEY);
    const oldest = this.encryptionKeys().at(-1) ?? Buffer.alloc(0);
    return Buffer.from(hkdfSync('sha256', oldest, '', 'bus channel routing', 32));
  }

  static productionProblems(settings: EncryptionSettings): string[] {
    const keys = settings.CHANNELS_ENCRYPTION_KEYS ?? [];
    const routing = settings.CHANNELS_ROUTING_KEY;
    const problems: string[] = [];
    if (keys.includes(DEVELOPMENT_ENCRYPTION_KEY)) {
      problems.push(
        'CHANNELS_ENCRYPTION_KEYS must be set to keys of your own in production (openssl rand -base64 32)',
      );
    }
    if (
      keys.some(
        (key) => key !== DEVELOPMENT_ENCRYPTION_KEY && keyProblem(key) === undefined && isWeakKey(key),
      )
    ) {
      problems.push('CHANNELS_ENCRYPTION_KEYS holds a weak key: take random ones (openssl rand -base64 32)');
    }
    if (routing === undefined) {
      problems.push('CHANNELS_ROUTING_KEY is required in production (openssl rand -base64 32)');
    } else if (keyProblem(routing) === undefined && isWeakKey(routing)) {
      problems.push('CHANNELS_ROUTING_KEY is weak: take a random one (openssl rand -base64 32)');
    }
    if (routing !== undefined && isAmong(routing, keys)) {
      problems.push('CHANNELS_ROUTING_KEY must differ from every key in CHANNELS_ENCRYPTION_KEYS');
    }
    return problems;
  }
}

function firstKeyProblem(keys: readonly string[]): string | undefined {
  const problems = keys
    .map((key, index) => ({ index, problem: keyProblem(key) }))
    .filter(({ problem }) => problem !== undefined);
  const [first] = problems;
  if (first) return `key ${first.index + 1} of ${keys.length} ${first.problem}`;
  const distinct = new Set(keys.map((key) => decodeKey(key).toString('hex')));
  return distinct.size < keys.length ? 'holds the same key twice' : undefined;
}

function isAmong(key: string, others: readonly string[]): boolean {
  if (keyProblem(key) !== undefined) return false;
  return others.some((other) => keyProblem(other) === undefined && decodeKey(other).equals(decodeKey(key)));
}
