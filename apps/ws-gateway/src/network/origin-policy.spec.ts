import { describe, expect, it } from 'vitest';
import { isSerializedOrigin, OriginPolicy } from './origin-policy.ts';

const target = { host: 'noc.example.com', isSecure: true };
const listed = new OriginPolicy(['https://noc.example.com'], false);

describe('the origin list', () => {
  it('allows exactly what is on it', () => {
    expect(listed.check('https://noc.example.com', target)).toBe('allowed');
    expect(listed.check(undefined, target)).toBe('missing');
  });

  it.each([
    'https://noc.example.com.evil.test',
    'https://evil-noc.example.com',
    'https://a.noc.example.com',
    'https://example.com',
    'http://noc.example.com',
    'https://noc.example.com:8443',
    'https://noc.example.com:443',
    'https://noc.example.com/',
    'HTTPS://noc.example.com',
    'https://NOC.example.com',
    'https://noc.example.com ',
    'https://noc.example.com, https://evil.test',
    'null',
    '*',
    '',
  ])('refuses %j', (origin) => {
    expect(listed.check(origin, target)).toBe('refused');
  });

  it('does not take a wildcard from a client for one of ours', () => {
    const everybody = new OriginPolicy(['*'], false);
    expect(everybody.check('https://anywhere.example', target)).toBe('allowed');
    expect(everybody.check('*', target)).toBe('refused');
    expect(everybody.check('null', target)).toBe('refused');
  });
});

describe('pages of our own', () => {
  const own = new OriginPolicy([], true);

  it('are allowed when scheme, host and port are the same', () => {
    expect(own.check('http://127.0.0.1:8080', { host: '127.0.0.1:8080', isSecure: false })).toBe('allowed');
    expect(own.check('https://noc.example.com', target)).toBe('allowed');
  });

  it('are not pages of another port, scheme or name', () => {
    expect(own.check('http://127.0.0.1:9090', { host: '127.0.0.1:8080', isSecure: false })).toBe('refused');
    expect(own.check('http://noc.example.com', target)).toBe('refused');
    expect(own.check('null', target)).toBe('refused');
    expect(own.check('http://x', { host: undefined, isSecure: false })).toBe('refused');
  });

  it('are not allowed by themselves when only a list counts', () => {
    expect(new OriginPolicy([], false).check('https://noc.example.com', target)).toBe('refused');
  });
});

it('a setting is an origin only in the form a browser sends', () => {
  expect(isSerializedOrigin('https://noc.example.com')).toBe(true);
  expect(isSerializedOrigin('http://127.0.0.1:8080')).toBe(true);
});

it.each([
  'https://noc.example.com/',
  'noc.example.com',
  'https://noc.example.com:443',
  'ftp://x',
  'https://*.example.com',
])('a setting %s is no origin', (wrong) => {
  expect(isSerializedOrigin(wrong)).toBe(false);
});
