import { describe, expect, it } from 'vitest';
import { redact, redactText, REDACTED } from './redact.ts';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiIsIm5hbWUiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ';
const KEY = 'q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80=';
const PRIVATE_KEY = '-----BEGIN RSA PRIVATE KEY-----\nTUlJQ2FuYXJ5\nY2FuYXJ5\n-----END RSA PRIVATE KEY-----';

describe('redact by field name', () => {
  it.each([
    'password',
    'MQTT_PASSWORD',
    'newPassword',
    'passwd',
    'client_secret',
    'access_token',
    'refreshToken',
    'X-API-Key',
    'apiKey',
    'Authorization',
    'Set-Cookie',
    'private_key',
    'CHANNELS_ENCRYPTION_KEYS',
    'cardNumber',
    'cvv',
    'iban',
    'email',
    'phone_number',
    'first_name',
    'dateOfBirth',
    'national_id',
  ])('takes the value of %s out', (name) => {
    expect(redact({ [name]: 'canary' })).toEqual({ [name]: REDACTED });
    expect(redact({ [name]: { nested: 'canary' } })).toEqual({ [name]: REDACTED });
    expect(redact({ [name]: 1234 })).toEqual({ [name]: REDACTED });
  });

  it.each(['message_id', 'device_id', 'queue', 'username', 'total_tokens', 'passed', 'keyboard', 'routing'])(
    'leaves %s alone',
    (name) => {
      expect(redact({ [name]: 'value' })).toEqual({ [name]: 'value' });
    },
  );

  it('shows that a secret is missing', () => {
    expect(redact({ password: null, token: undefined })).toEqual({ password: null, token: undefined });
  });
});

describe('redact by pattern', () => {
  it.each([
    ['a JWT', `signed ${JWT} by`, JWT],
    ['a JWT glued to a prefix', `session_${JWT}`, JWT],
    ['a bearer token', 'sent Bearer 9f8e7d6c5b4a', '9f8e7d6c5b4a'],
    ['basic credentials', 'Basic dXNlcjpwYXNzd29yZDEyMw==', 'dXNlcjpwYXNzd29yZDEyMw=='],
    ['an Authorization header', 'Authorization: Token canary-value', 'canary-value'],
    ['a Cookie header', 'cookie: sid=canary; theme=dark', 'canary'],
    ['a card number', 'paid with 4111111111111111 today', '4111111111111111'],
    ['a card number in groups', 'paid with 4111 1111 1111 1111', '4111 1111 1111 1111'],
    ['a card number with dashes', '5500-0000-0000-0004', '5500-0000-0000-0004'],
    ['an American Express number', '3782 822463 10005', '3782 822463 10005'],
    ['a private key', `key is ${PRIVATE_KEY} end`, 'TUlJQ2FuYXJ5'],
    ['an unfinished private key', PRIVATE_KEY.slice(0, 50), 'TUlJQ2FuYXJ5'],
    ['a password in a URL', 'redis://app:canary@host:6379/0', 'canary'],
    ['a password alone in a URL', 'redis://:canary@host', 'canary'],
    ['a base64 password in a URL', 'postgresql://bus:ca/na+ry==@host/db', 'ca/na+ry=='],
    ['a password with @ in a URL', 'mqtts://u:can@ry@host', 'can@ry'],
    ['a password in a web address', 'https://user:canary@host/path', 'canary'],
    ['a token in a query', 'GET /socket?access_token=canary123&x=1', 'canary123'],
    ['a password assignment', 'password=canary, next', 'canary'],
    ['a password in JSON text', '{"password":"canary","a":1}', 'canary'],
    ['a password in escaped JSON text', '"{\\"password\\":\\"canary\\"}"', 'canary'],
    ['an API key assignment', 'api_key: canary-4711', 'canary-4711'],
    ['an encryption key', `CHANNELS_ENCRYPTION_KEYS=${KEY}`, KEY],
    ['a mail address', 'no account for ann.berg+noc@mail.example.org.', 'ann.berg+noc@mail.example.org'],
    ['a mail address after a colon', 'mailto:ann@example.org', 'ann@example.org'],
    ['a mail address in a path', 'GET /users/ann@example.org/', 'ann@example.org'],
    ['a personal field in JSON text', 'no row for {"id":1,"ssn":"078-05-1120"}', '078-05-1120'],
    ['a personal field in escaped JSON text', '"{\\"phone\\":\\"+49 431 1234\\"}"', '431 1234'],
    ['a personal field as Node prints it', "for { full_name: 'Ann Berg', id: 3 }", 'Ann Berg'],
    ['a personal number in JSON text', '{"accountNumber":12345678}', '12345678'],
    [
      'the second encryption key of a list',
      `keys=${KEY},${KEY.replace('q8', 'Zz')}`,
      KEY.replace('q8', 'Zz'),
    ],
  ])('takes %s out', (_name, text, secret) => {
    expect(redactText(text)).not.toContain(secret);
    expect(redactText(text)).toContain(REDACTED);
  });

  it.each([
    'device d-17 sent 42 messages',
    'invalid token: signature mismatch',
    'basic settings were loaded by the bearer of news',
    'epoch 1763800000000 ms, 1763800000000000 us',
    'not a card: 4111111111111112',
    'temperature 24.41111111111111111',
    '9b2d4111-1111-4111-8111-111111111111',
    'c0ffee4111111111111111c0ffee',
    'https://host:8080/path?mail=a@b.c',
    'redis://host:6379/0',
    'key=value and 1/2 keys: none',
    'topic device/d-1/telemetry',
    'redis://user@host.example.org:6379/0',
    'pin: 4 of connector "x", at 12:34:56',
    '{"alert_type":"fire","device_id":"d-17","count":123456}',
  ])('leaves "%s" as it is', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('keeps what is around a secret', () => {
    expect(redactText('redis://app:canary@host:6379/0 refused')).toBe(
      `redis://app:${REDACTED}@host:6379/0 refused`,
    );
  });

  it('finds a card number in a number', () => {
    expect(redact({ reading: 4111111111111111, at: 1763800000000 })).toEqual({
      reading: REDACTED,
      at: 1763800000000,
    });
  });

  it.each([
    ['eyJ', 'eyJ'],
    ['dotted words with eyJ', 'eyJ.a-'],
    ['URL starts', 'redis://x:'],
    ['URLs', 'redis://x:y@z,'],
    ['URLs with spaces', 'redis://x:y@z '],
    ['words with hyphens', 'a-'],
    ['password starts', 'password='],
    ['token words', 'token: '],
    ['encryption keys', 'key=q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80= '],
    ['card groups', '4111-'],
    ['digits', '4111 '],
    ['key assignments', 'key='],
    ['key starts', '-----BEGIN PRIVATE KEY-----'],
    ['bearers', 'bearer 1'],
    ['quotes', 'password":"'],
    ['dots', 'a.'],
    ['cookies', 'cookie: '],
    ['mail addresses', 'a@b.'],
    ['mail address starts', 'a.b.c-d%+'],
    ['mail domains', 'a@a.a.a.a.'],
    ['JSON fields', '"email":"'],
    ['field names', "email: 'a"],
    ['field starts', 'e:'],
  ])('is quick on a megabyte of %s', { timeout: 5_000 }, (_name, piece) => {
    expect(redactText(`${piece.repeat(1_000_000 / piece.length)}@`).length).toBeGreaterThan(0);
  });
});

describe('redact on structures', () => {
  it('does not change its argument', () => {
    const value = { list: [{ password: 'canary' }], text: `Bearer ${JWT}` };
    const before = structuredClone(value);
    redact(value);
    expect(value).toEqual(before);
  });

  it('cleans an error in message, stack, fields and cause, and keeps its class', () => {
    const error = Object.assign(
      new RangeError('redis://u:canary@h failed', { cause: new Error(`jwt ${JWT}`) }),
      {
        code: 'E_RANGE',
        config: { password: 'canary' },
      },
    );
    const clean = redact(error);
    expect(clean).toBeInstanceOf(RangeError);
    expect(clean).toMatchObject({ code: 'E_RANGE', config: { password: REDACTED } });
    expect(clean.message).toBe(`redis://u:${REDACTED}@h failed`);
    expect(clean.stack).not.toContain('canary');
    expect(clean.cause).toBeInstanceOf(Error);
    expect(String(clean.cause)).not.toContain(JWT);
  });

  it('cleans the parts of an AggregateError', () => {
    const clean = redact(new AggregateError([new Error('password=canary')], 'all failed'));
    expect(clean.errors[0]).toHaveProperty('message', `password=${REDACTED}`);
  });

  it('survives cycles, depth, getters that throw, binary data and hostile names', () => {
    const cycle: Record<string, unknown> = { name: 'loop' };
    cycle['self'] = cycle;
    expect(redact(cycle)).toEqual({ name: 'loop', self: '[circular]' });

    let deep: unknown = 'bottom';
    for (let level = 0; level < 100; level++) deep = { deep };
    expect(JSON.stringify(redact(deep))).toContain('[too deep]');

    const trap = {
      get boom(): string {
        throw new Error('no');
      },
    };
    expect(redact({ trap })).toEqual({ trap: '[unreadable]' });
    expect(redact({ data: Buffer.from('abc') })).toEqual({ data: '[3 bytes]' });

    const hostile: { isAdmin?: boolean } = JSON.parse('{"__proto__":{"isAdmin":true},"a":1}');
    const clean = redact(hostile);
    expect(Object.keys(clean)).toEqual(['__proto__', 'a']);
    expect(clean.isAdmin).toBeUndefined();
  });

  it('shares one object twice without calling it a circle', () => {
    const shared = { a: 1 };
    expect(redact([shared, shared])).toEqual([shared, shared]);
  });

  it('keeps dates, takes maps, sets and toJSON in their plain form', () => {
    const at = new Date(0);
    const value = {
      at,
      map: new Map([['password', 'x']]),
      set: new Set(['a']),
      url: new URL('https://u:p@h/'),
    };
    expect(redact(value)).toEqual({
      at,
      map: { password: REDACTED },
      set: ['a'],
      url: `https://u:${REDACTED}@h/`,
    });
  });

  it('takes secrets out of field names', () => {
    const map = new Map([['ann@example.org', 1]]);
    expect(redact({ '4111 1111 1111 1111': 1, map })).toEqual({ [REDACTED]: 1, map: { [REDACTED]: 1 } });
  });

  it('cuts long text on request, and does not let half a secret through', () => {
    const text = `${'x'.repeat(90)} password=canary-canary`;
    const clean = redact({ text }, { maxTextLength: 105 });
    expect(clean.text).toMatch(/… \(cut\)$/);
    expect(clean.text).not.toContain('cana');
  });
});
