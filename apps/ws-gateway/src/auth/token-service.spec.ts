import { createHmac, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { tokenKeys } from './token-keys.ts';
import { TokenService } from './token-service.ts';

const secret = randomBytes(48).toString('base64');
const rules = { issuer: 'bus', audience: 'gateway', lifetimeSeconds: 900 };
const tokens = new TokenService(tokenKeys({ kind: 'secret', secret }, ['HS256']), rules);
const principal = { id: 7, username: 'anna', role: 'tenant_user', tenantId: 3 } as const;

const CLAIMS = { username: 'anna', role: 'tenant_user', tenant_id: 3 };

function signed(
  claims: Record<string, unknown> = {},
  options: { key?: string; header?: object } = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    ...CLAIMS,
    sub: '7',
    iss: 'bus',
    aud: 'gateway',
    exp: now + 60,
    jti: randomUUID(),
    ...claims,
  })
    .setProtectedHeader({ alg: 'HS256', ...options.header })
    .sign(Buffer.from(options.key ?? secret));
}

beforeAll(() => Logger.overrideLogger(false));

describe('a token of our own', () => {
  it('says who it is for, until when, and from which login', async () => {
    const { token, expiresAt } = await tokens.issue({
      principal,
      sessionId: 'session',
      sessionEpoch: 4,
      fingerprint: 'a.b.c',
      notAfterMs: Date.now() + 3_600_000,
    });
    const claims = await tokens.verify(token);
    expect(claims).toMatchObject({
      userId: 7,
      username: 'anna',
      role: 'tenant_user',
      tenantId: 3,
      sessionId: 'session',
      sessionEpoch: 4,
      fingerprint: 'a.b.c',
    });
    expect(claims.tokenId).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Date(expiresAt).getTime()).toBe(claims.expiresAtMs);
  });

  it('never outlives its session', async () => {
    const notAfterMs = Date.now() + 10_000;
    const { expiresAt } = await tokens.issue({
      principal,
      sessionId: 's',
      sessionEpoch: 0,
      fingerprint: 'f',
      notAfterMs,
    });
    expect(new Date(expiresAt).getTime()).toBeLessThanOrEqual(notAfterMs);
  });
});

describe('a token is refused', () => {
  const refused = { kind: 'unauthenticated', code: 4401 };
  const nowSeconds = Math.floor(Date.now() / 1000);

  it('when it is signed with nothing', async () => {
    const none = new UnsecuredJWT({
      ...CLAIMS,
      sub: '7',
      iss: 'bus',
      aud: 'gateway',
      exp: nowSeconds + 60,
    }).encode();
    await expect(tokens.verify(none)).rejects.toMatchObject(refused);
    const [header, payload] = (await signed()).split('.');
    await expect(tokens.verify(`${header}.${payload}.`)).rejects.toMatchObject(refused);
  });

  it('when it uses another algorithm, even with the right secret', async () => {
    await expect(tokens.verify(await signed({}, { header: { alg: 'HS512' } }))).rejects.toMatchObject(
      refused,
    );
  });

  it('when a public key was taken for the secret', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const verifier = new TokenService(tokenKeys({ kind: 'public_key', pem }, ['RS256']), rules);
    await expect(verifier.verify(await signed({}, { key: pem }))).rejects.toMatchObject(refused);
  });

  it('when it is signed with another key', async () => {
    await expect(
      tokens.verify(await signed({}, { key: randomBytes(48).toString('base64') })),
    ).rejects.toMatchObject(refused);
  });

  it('when its payload was changed', async () => {
    const [header, , signature] = (await signed()).split('.');
    const other = Buffer.from(
      JSON.stringify({ ...CLAIMS, role: 'admin', tenant_id: null, sub: '1' }),
    ).toString('base64url');
    await expect(tokens.verify(`${header}.${other}.${signature}`)).rejects.toMatchObject(refused);
  });

  it.each(['jku', 'jwk', 'x5u', 'x5c'])('when it brings its own key in %s', async (name) => {
    const attacker = randomBytes(32);
    const value =
      name === 'jwk' ? { kty: 'oct', k: attacker.toString('base64url') } : 'https://evil.test/keys';
    await expect(tokens.verify(await signed({}, { header: { [name]: value } }))).rejects.toMatchObject(
      refused,
    );
  });

  it.each([
    ['expired more than the leeway ago', { exp: nowSeconds - 120 }],
    ['not valid yet', { nbf: nowSeconds + 3600 }],
    ['without an end', { exp: undefined }],
    ['of another issuer', { iss: 'somebody' }],
    ['without an issuer', { iss: undefined }],
    ['for another audience', { aud: 'other' }],
    ['without an audience', { aud: undefined }],
    ['without a subject', { sub: undefined }],
    ['with a subject that is no number', { sub: 'admin' }],
    ['with a subject below one', { sub: '0' }],
    ['with a number as subject', { sub: 7 }],
    ['with an unknown role', { role: 'root' }],
    ['of a tenant role without a tenant', { tenant_id: null }],
    ['of staff with a tenant', { role: 'admin' }],
    ['with a tenant that is no number', { tenant_id: '3' }],
    ['without a user name', { username: undefined }],
    ['with a session that is no text', { sid: 5 }],
    ['with an endless token id', { jti: 'x'.repeat(500) }],
  ])('when it is %s', async (_name, claims) => {
    await expect(tokens.verify(await signed(claims))).rejects.toMatchObject(refused);
  });

  it('when it is too long, before anybody looks into it', async () => {
    await expect(tokens.verify(`${'a'.repeat(5000)}.b.c`)).rejects.toMatchObject({
      ...refused,
      reason: /longer/,
    });
  });

  it.each(['', '.', '..', 'x', 'a.b.c', 'null', '{}', '\u0000', 'eyJhbGciOiJIUzI1NiJ9..', '.'.repeat(100)])(
    'when it is garbage: %j',
    async (garbage) => {
      await expect(tokens.verify(garbage)).rejects.toMatchObject(refused);
    },
  );
});

it('clocks may differ by a minute', async () => {
  const nowSeconds = Math.floor(Date.now() / 1000);
  await expect(tokens.verify(await signed({ exp: nowSeconds - 30 }))).resolves.toMatchObject({ userId: 7 });
});

it('the reason does not tell an attacker how close he came', async () => {
  const forged = await signed({}, { key: randomBytes(48).toString('base64') });
  const wrongAudience = await signed({ aud: 'other' });
  const reasons = await Promise.all(
    [forged, wrongAudience].map((token) => tokens.verify(token).catch((error: Error) => error.message)),
  );
  expect(new Set(reasons).size).toBe(1);
});

describe('keys of an identity provider', () => {
  it('check tokens but never sign any', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const verifier = new TokenService(tokenKeys({ kind: 'public_key', pem }, ['ES256']), rules);
    const token = await new SignJWT({ ...CLAIMS, sub: '7', iss: 'bus', aud: 'gateway' })
      .setProtectedHeader({ alg: 'ES256' })
      .setExpirationTime('1m')
      .sign(privateKey);
    await expect(verifier.verify(token)).resolves.toMatchObject({ userId: 7 });
    expect(verifier.canIssue).toBe(false);
  });

  it('that cannot be fetched are a reason to try again, not to log in again', async () => {
    const away = new TokenService(
      tokenKeys({ kind: 'jwks', url: 'http://127.0.0.1:9/keys' }, ['RS256']),
      rules,
    );
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const token = await new SignJWT({ ...CLAIMS })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .sign(privateKey);
    await expect(away.verify(token)).rejects.toMatchObject({ kind: 'unavailable', code: 4503 });
  });
});

it('signatures are compared in full', async () => {
  const [header, payload, signature] = (await signed()).split('.') as [string, string, string];
  const right = createHmac('sha256', secret).update(`${header}.${payload}`).digest();
  expect(right.toString('base64url')).toBe(signature);
  const nearly = Buffer.from(right);
  nearly[31] = (nearly[31] ?? 0) ^ 1;
  await expect(tokens.verify(`${header}.${payload}.${nearly.toString('base64url')}`)).rejects.toMatchObject({
    code: 4401,
  });
});
