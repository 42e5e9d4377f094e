import { mkdir, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createTemporaryDirectory, removeTemporaryDirectory } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { http } from '../fixtures/test-browser.fixture.ts';
import { createTestBus, type TestBus, type TestGateway } from '../fixtures/test-bus.fixture.ts';

const PAGE =
  '<!doctype html><script nonce="__CSP_NONCE__" src="/assets/app-1a2b3c.js"></script><style nonce="__CSP_NONCE__"></style>';

let bus: TestBus;
let gateway: TestGateway;
let directory: string;

beforeAll(async () => {
  directory = createTemporaryDirectory('noc-page');
  await mkdir(join(directory, 'dist/assets'), { recursive: true });
  await writeFile(join(directory, 'dist/index.html'), PAGE);
  await writeFile(join(directory, 'dist/assets/app-1a2b3c.js'), 'export {};');
  await writeFile(join(directory, 'dist/favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(directory, 'dist/.hidden'), 'secret');
  await writeFile(join(directory, 'outside.txt'), 'secret');
  bus = await createTestBus({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
  gateway = await bus.startGateway({ NOC_DASHBOARD_DIR: join(directory, 'dist') });
});
afterAll(async () => {
  await bus.close();
  removeTemporaryDirectory(directory);
});

/** The directives of a policy, by name. */
function policyOf(headers: Headers): Map<string, string[]> {
  const policy = headers.get('content-security-policy') ?? '';
  return new Map(
    policy
      .split(';')
      .map((directive) => directive.trim().split(' '))
      .map(([name, ...values]) => [name!, values]),
  );
}

describe('the page', () => {
  it('is never kept, and carries the nonce of its own answer', async () => {
    const first = await http(`${gateway.url}/`);
    const second = await http(`${gateway.url}/index.html`);
    expect(first.status).toBe(200);
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(first.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const nonces = [first, second].map(({ body }) => /nonce="([^"]+)"/.exec(body as string)?.[1]);
    expect(first.body).not.toContain('__CSP_NONCE__');
    expect(nonces[0]).toMatch(/^[A-Za-z0-9+/]{22}==$/);
    expect(nonces[0]).not.toBe(nonces[1]);
    expect(policyOf(first.headers).get('style-src')).toEqual(["'self'", `'nonce-${nonces[0]}'`]);
  });

  it('may run, load, call and be framed by nothing but us', async () => {
    const { headers } = await http(`${gateway.url}/`);
    const policy = policyOf(headers);
    const host = new URL(gateway.url).host;
    policy.delete('style-src');
    expect(Object.fromEntries(policy)).toEqual({
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'connect-src': ["'self'", `ws://${host}`, `wss://${host}`],
      'img-src': ["'self'", 'data:'],
      'font-src': ["'self'"],
      'base-uri': ["'none'"],
      'frame-ancestors': ["'none'"],
      'form-action': ["'self'"],
    });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('has files that may be kept for ever when their name holds their hash, and not otherwise', async () => {
    const asset = await http(`${gateway.url}/assets/app-1a2b3c.js`);
    expect(asset.status).toBe(200);
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(asset.headers.get('content-type')).toContain('javascript');
    const icon = await http(`${gateway.url}/favicon.svg`);
    expect(icon.headers.get('cache-control')).toBe('public, max-age=0');
    const missing = await http(`${gateway.url}/assets/gone.js`);
    expect([missing.status, missing.body]).toEqual([404, { code: 4404, reason: 'There is nothing here.' }]);
  });

  it.each([
    '/.hidden',
    '/../outside.txt',
    '/%2e%2e/outside.txt',
    '/assets/..%2f..%2foutside.txt',
    '/..%5coutside.txt',
    '/assets//../../outside.txt',
  ])('leads nowhere else: %s', async (path) => {
    const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toContain('secret');
  });
});

it('a host name that is none of ours cannot write into the policy', async () => {
  const answer = await raw(
    "GET / HTTP/1.1\r\nHost: x; script-src 'unsafe-inline'\r\nConnection: close\r\n\r\n",
  );
  expect(answer).not.toContain('unsafe-inline');
});

it('a page that was not built is said to be so', async () => {
  const empty = await bus.startGateway({ NOC_DASHBOARD_DIR: join(directory, 'nowhere') });
  const answer = await http(`${empty.url}/`);
  expect(answer.status).toBe(503);
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(answer.body).toContain('npm run build');
});

it('probes answer here too, without telling strangers what is wrong', async () => {
  expect(await http(`${gateway.url}/healthz/live`)).toMatchObject({ status: 200, body: { live: true } });
  expect(await http(`${gateway.url}/healthz/ready`)).toMatchObject({ status: 200, body: { ready: true } });
});

it.each(['/nothing', '/api', '/api/nothing', '/auth/login/x'])(
  '%s is answered in JSON, with all headers',
  async (path) => {
    const answer = await http(gateway.url + path);
    expect([answer.status, answer.body.code]).toEqual([404, 4404]);
    expect(policyOf(answer.headers).get('default-src')).toEqual(["'none'"]);
  },
);

/** Sends bytes as they are, because clients tidy up paths and refuse bad headers. */
function raw(request: string): Promise<string> {
  const { port } = new URL(gateway.url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = createConnection(Number(port), '127.0.0.1', () => socket.write(request));
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.on('end', () => resolve(answer)).on('error', reject);
  });
}
