import { randomBytes } from 'node:crypto';
import { isSettingsError, loadSettings, RuntimeSettings } from '@bus/platform';
import { describe, expect, it } from 'vitest';
import { AuthSettings, GatewaySettings, LimitSettings } from './settings.ts';

const SECRET = randomBytes(48).toString('hex');
const PRODUCTION = {
  NODE_ENV: 'production',
  JWT_SECRET: SECRET,
  WEBSOCKET_ALLOWED_ORIGINS: 'https://noc.example.com',
};
const SECTIONS = {
  runtime: RuntimeSettings,
  gateway: GatewaySettings,
  auth: AuthSettings,
  limits: LimitSettings,
};

function problemsOf(env: Record<string, string>): string[] {
  try {
    loadSettings(SECTIONS, env);
    return [];
  } catch (error) {
    if (!isSettingsError(error)) throw error;
    return error.problems.map(({ setting }) => setting);
  }
}

describe('the defaults', () => {
  it('are the numbers of the contract', () => {
    const { auth, gateway, limits } = loadSettings(SECTIONS, { JWT_SECRET: SECRET });
    expect(limits).toMatchObject({
      WEBSOCKET_MAX_ANONYMOUS_PER_IP: 5,
      WEBSOCKET_MAX_PER_USER: 20,
      WEBSOCKET_MAX_PER_STAFF_USER: 100,
      WEBSOCKET_MESSAGES_PER_MINUTE: 100,
    });
    expect(gateway.WEBSOCKET_ALLOWED_ORIGINS).toEqual([]);
    expect(auth.WEBSOCKET_TOKEN_BINDING_STRICT).toBe(false);
    expect(auth.algorithms()).toEqual(['HS256']);
  });
});

describe('the boot gate of production', () => {
  it('lets good settings pass', () => {
    expect(problemsOf(PRODUCTION)).toEqual([]);
  });

  it.each([
    ['JWT_SECRET', { JWT_SECRET: 'secret' }],
    ['JWT_SECRET', { JWT_SECRET: 'change-me-change-me-change-me-change-me' }],
    ['WEBSOCKET_ALLOWED_ORIGINS', { WEBSOCKET_ALLOWED_ORIGINS: '' }],
    ['WEBSOCKET_ALLOWED_ORIGINS', { WEBSOCKET_ALLOWED_ORIGINS: '*' }],
    ['WEBSOCKET_ALLOWED_ORIGINS', { WEBSOCKET_ALLOWED_ORIGINS: 'https://noc.example.com, *' }],
  ])('stops for %s', (setting, change) => {
    expect(problemsOf({ ...PRODUCTION, ...change })).toEqual([setting]);
    expect(problemsOf({ ...PRODUCTION, ...change, NODE_ENV: 'development' })).toEqual([]);
  });

  it('tells everything at once and no secret', () => {
    const env = { NODE_ENV: 'production', JWT_SECRET: 'my-demo-secret', WEBSOCKET_ALLOWED_ORIGINS: '*' };
    expect(problemsOf(env).toSorted()).toEqual(['JWT_SECRET', 'WEBSOCKET_ALLOWED_ORIGINS']);
    expect(() => loadSettings(SECTIONS, env)).not.toThrow('my-demo-secret');
  });
});

describe('refused anywhere', () => {
  it.each([
    ['no key', ['JWT_ALGORITHMS'], { JWT_SECRET: '' }],
    ['two keys', ['JWT_ALGORITHMS'], { JWT_SECRET: SECRET, JWT_JWKS_URL: 'https://login.example.com/keys' }],
    [
      'a public key algorithm for a secret',
      ['JWT_ALGORITHMS'],
      { JWT_SECRET: SECRET, JWT_ALGORITHMS: 'HS256,RS256' },
    ],
    ['no algorithm', ['JWT_ALGORITHMS'], { JWT_SECRET: SECRET, JWT_ALGORITHMS: 'none' }],
    [
      'a secret algorithm for a public key',
      ['JWT_ALGORITHMS'],
      { JWT_SECRET: '', JWT_JWKS_URL: 'https://login.example.com/keys', JWT_ALGORITHMS: 'HS256' },
    ],
    [
      'strict binding of tokens somebody else issues',
      ['WEBSOCKET_TOKEN_BINDING_STRICT'],
      {
        JWT_SECRET: '',
        JWT_JWKS_URL: 'https://login.example.com/keys',
        WEBSOCKET_TOKEN_BINDING_STRICT: 'true',
      },
    ],
    [
      'a key file that is not there',
      ['JWT_PUBLIC_KEY_FILE'],
      { JWT_SECRET: '', JWT_PUBLIC_KEY_FILE: '/nonexistent' },
    ],
    [
      'an origin with a path',
      ['WEBSOCKET_ALLOWED_ORIGINS'],
      { WEBSOCKET_ALLOWED_ORIGINS: 'https://noc.example.com/' },
    ],
    [
      'an origin without a scheme',
      ['WEBSOCKET_ALLOWED_ORIGINS'],
      { WEBSOCKET_ALLOWED_ORIGINS: 'noc.example.com' },
    ],
    ['a proxy by name', ['TRUSTED_PROXIES'], { TRUSTED_PROXIES: 'proxy.internal' }],
    ['a limit of nothing', ['WEBSOCKET_MESSAGES_PER_MINUTE'], { WEBSOCKET_MESSAGES_PER_MINUTE: '0' }],
  ])('is %s', (_name, settings, env) => {
    expect(problemsOf({ JWT_SECRET: SECRET, ...env })).toEqual(settings);
  });
});
