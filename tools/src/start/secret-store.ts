import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DEMO_FLEET, DEMO_USERS } from '@bus/database';
import { generateSecrets, type BusSecrets } from '../bus/app-environment.ts';
import { writePrivateFile, type StateDirectory } from './state-directory.ts';

/** Every password and key of a clone. */
export interface CloneSecrets extends BusSecrets {
  redisPassword: string;
  postgresPassword: string;
  /** By username. */
  demoUserPasswords: Record<string, string>;
  /** By username. */
  devicePasswords: Record<string, string>;
}

/**
 * The secrets of this clone: made at its first start, kept in a file only its owner may read, and completed when a
 * newer build has more people or devices. A damaged file is an error: new passwords would not fit the old data.
 */
export function openSecrets(state: StateDirectory): CloneSecrets {
  const path = state.file('secrets.json');
  const secrets = completeSecrets(
    readKeptSecrets(path, `${path} is damaged. Start over with: npm start -- --fresh`),
  );
  writePrivateFile(path, secrets);
  return secrets;
}

/** Makes what is missing, keeps what is known: what was given out once stays valid. */
export function completeSecrets(known: Partial<CloneSecrets>): CloneSecrets {
  return {
    ...generateSecrets(),
    redisPassword: randomText(),
    postgresPassword: randomText(),
    ...known,
    demoUserPasswords: completePasswords(known.demoUserPasswords, DEMO_USERS, typeablePassword),
    devicePasswords: completePasswords(known.devicePasswords, DEMO_FLEET, randomText),
  };
}

function completePasswords(
  known: Record<string, string> = {},
  owners: readonly { username: string }[],
  create: () => string,
): Record<string, string> {
  const needed = owners.map(({ username }) => [username, known[username] ?? create()] as const);
  return { ...known, ...Object.fromEntries(needed) };
}

function randomText(): string {
  return randomBytes(18).toString('base64url');
}

/** No letter that looks like another one or like a digit. */
const TYPEABLE = 'abcdefghjkmnpqrstuvwxyz23456789';

/** For people: three groups that can be read off a screen, about 59 bits. */
function typeablePassword(): string {
  const group = (): string => Array.from({ length: 4 }, () => TYPEABLE[randomInt(TYPEABLE.length)]).join('');
  return [group(), group(), group()].join('-');
}

/** The secrets kept in a file, none when there is no file. @throws Error with `whenDamaged` when it cannot be read as JSON */
export function readKeptSecrets(path: string, whenDamaged: string): Partial<CloneSecrets> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  try {
    return JSON.parse(text) as Partial<CloneSecrets>;
  } catch (error) {
    // New secrets would not fit the data that was written with the old ones.
    throw new Error(whenDamaged, { cause: error });
  }
}
