import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { isWeakSecret } from './weak-secret.ts';

it.each([
  'secret',
  'short-but-random-9sK2',
  'your-256-bit-secret-your-256-bit-secret',
  'changeme-changeme-changeme-changeme-1',
  'a'.repeat(64),
  'abababababababababababababababababababab',
  'django-insecure-x8s7d6f5g4h3j2k1l0q9w8e7r6t5',
  '01234567890123456789012345678901234567890',
])('%j is weak', (secret) => {
  expect(isWeakSecret(secret)).toBe(true);
});

it('random secrets are not', () => {
  expect(isWeakSecret(randomBytes(48).toString('hex'))).toBe(false);
  expect(isWeakSecret('q7Zt0WmB3xVn8Kf5RjYd2LcHs9PgXaTe6UoIbNvCk1M=')).toBe(false);
});
