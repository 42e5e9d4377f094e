import { describe, expect, it } from 'vitest';
import { postgresUrlProblem, tlsModeOf } from './postgres-url.ts';

describe('postgresUrlProblem', () => {
  it.each(['postgresql://bus@127.0.0.1:5432/bus', 'postgres://u:p@h/d?sslmode=verify-full'])(
    'accepts %s',
    (url) => {
      expect(postgresUrlProblem(url)).toBeUndefined();
    },
  );

  it.each([
    ['canary', /must be a URL/],
    ['mysql://canary@h', /postgresql:/],
    ['postgresql://canary@h/d?sslmode=prefer', /sslmode must be one of/],
  ])('says what is wrong with %s without repeating it', (url, reason) => {
    expect(postgresUrlProblem(url)).toMatch(reason);
    expect(postgresUrlProblem(url)).not.toContain('canary');
  });
});

describe('tlsModeOf', () => {
  it.each([
    ['', undefined, 'off'],
    ['disable', undefined, 'off'],
    ['require', undefined, 'encrypt'],
    ['verify-ca', undefined, 'verify-ca'],
    ['verify-full', undefined, 'verify-full'],
    ['', 'ca.pem', 'verify-full'],
    ['require', 'ca.pem', 'verify-ca'],
    ['verify-full', 'ca.pem', 'verify-full'],
    ['disable', 'ca.pem', 'off'],
  ])('reads sslmode "%s" with CA file %s as %s', (mode, caFile, expected) => {
    const query = mode === '' ? '' : `?sslmode=${mode}`;
    expect(
      tlsModeOf({
        DATABASE_URL: `postgresql://u@h/d${query}`,
        ...(caFile === undefined ? {} : { DATABASE_CA_FILE: caFile }),
      }),
    ).toBe(expected);
  });
});
