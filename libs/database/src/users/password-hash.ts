import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';

interface ScryptCost {
  /** Must be a power of two. Memory used is 128 * N * r bytes. */
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** One of the settings OWASP recommends: 32 MB and about a quarter of a second for each try. */
const COST: ScryptCost = { N: 2 ** 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** Longer ones are refused unhashed: hashing a megabyte for a stranger is a gift. */
const MAX_PASSWORD_BYTES = 1024;

/** `scrypt$N=32768,r=8,p=3$<salt>$<key>`, salt and key in base64url. */
const STORED_FORM = /^scrypt\$N=(\d{1,7}),r=(\d{1,2}),p=(\d{1,2})\$([\w-]{16,64})\$([\w-]{16,128})$/;

/**
 * What a password is compared with when there is no such user, so that the answer takes as long. Of the same cost as
 * a new hash and of a key nobody can have.
 */
const NOBODY = storedForm(COST, Buffer.alloc(SALT_BYTES), Buffer.alloc(KEY_BYTES));

/** The hash to store; parameters and salt are part of it. @throws RangeError for an empty or overlong password. */
export async function hashPassword(password: string): Promise<string> {
  const bytes = Buffer.byteLength(password);
  if (bytes === 0 || bytes > MAX_PASSWORD_BYTES) {
    throw new RangeError(`A password has 1 to ${MAX_PASSWORD_BYTES} bytes.`);
  }
  const salt = randomBytes(SALT_BYTES);
  return storedForm(COST, salt, await derive(password, salt, KEY_BYTES, COST));
}

/**
 * Whether the password is the one that was hashed. Takes as long for `null` (no such user) as for a wrong password,
 * and compares in constant time.
 * @throws Error when the stored form is damaged: that is no wrong password, and somebody has to know.
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const match = STORED_FORM.exec(stored ?? NOBODY);
  if (match === null) throw new Error('A stored password hash is damaged. Set a new password for this user.');
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false;
  const [, N, r, p, salt, key] = match;
  const expected = Buffer.from(key ?? '', 'base64url');
  const actual = await derive(password, Buffer.from(salt ?? '', 'base64url'), expected.length, {
    N: Number(N),
    r: Number(r),
    p: Number(p),
  });
  return timingSafeEqual(actual, expected) && stored !== null;
}

function storedForm(cost: ScryptCost, salt: Buffer, key: Buffer): string {
  return `scrypt$N=${cost.N},r=${cost.r},p=${cost.p}$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

function derive(password: string, salt: Buffer, keyBytes: number, cost: ScryptCost): Promise<Buffer> {
  // The same letter may be typed as one code point or as two.
  const typed = password.normalize('NFKC');
  const options: ScryptOptions = { ...cost, maxmem: 256 * cost.N * cost.r };
  return new Promise((resolve, reject) => {
    scrypt(typed, salt, keyBytes, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
