import { request } from 'node:http';
import { createRedisDatabase } from '@bus/testing';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestExporter, type TestExporter } from '../fixtures/test-exporter.fixture.ts';

const KEY = 'a-key-of-sixteen-or-more';

let redisUrl: string;
let exporter: TestExporter | undefined;

beforeAll(async () => {
  redisUrl = await createRedisDatabase(inject('redisUrl'));
});
afterEach(async () => {
  await exporter?.close();
  exporter = undefined;
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** node:http, because fetch does not let one set every header and path. */
async function ask(
  options: { method?: string; path?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const url = new URL(exporter!.url);
  const { method = 'GET', path = url.pathname, headers = {} } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: url.hostname, port: url.port, method, path, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    outgoing.on('error', reject).end();
  });
}

const statusWith = async (headers: Record<string, string>) => (await ask({ headers })).status;

describe('/metrics/export/', () => {
  it('is served with and without the last slash, as Prometheus wants it', async () => {
    exporter = await startTestExporter({ REDIS_URL: redisUrl });
    for (const path of ['/metrics/export/', '/metrics/export', '/metrics/export/?format=text']) {
      const answer = await ask({ path });
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['x-powered-by']).toBeUndefined();
      expect(answer.body).toContain('\nbus_redis_up 1\n');
    }
    expect((await ask({ path: '/metrics' })).status).toBe(404);
    expect((await ask({ path: '/' })).status).toBe(404);
  });

  it('can only be read', async () => {
    exporter = await startTestExporter({ REDIS_URL: redisUrl });
    const head = await ask({ method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, '']);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await ask({ method });
      expect([method, answer.status, answer.headers['allow']]).toEqual([method, 405, 'GET, HEAD']);
    }
  });

  it('is closed to other addresses', async () => {
    exporter = await startTestExporter({ REDIS_URL: redisUrl, PROMETHEUS_ALLOWED_IPS: '10.0.0.0/8,::1' });
    const answer = await ask();
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toEqual({ code: 'address_refused', reason: expect.any(String) });
    // Nobody in front is trusted, so this header is only a claim.
    expect(await statusWith({ 'x-forwarded-for': '10.0.0.1' })).toBe(403);
    expect((await ask({ method: 'POST' })).status).toBe(403);
  });

  it('believes a trusted proxy about the address, and only its own words', async () => {
    exporter = await startTestExporter({
      REDIS_URL: redisUrl,
      PROMETHEUS_ALLOWED_IPS: '10.1.0.0/16',
      TRUSTED_PROXIES: '127.0.0.0/8',
    });
    expect(await statusWith({ 'x-forwarded-for': '10.1.2.3' })).toBe(200);
    expect(await statusWith({ 'x-forwarded-for': '10.1.2.3, 203.0.113.9' })).toBe(403);
    expect(await statusWith({ 'x-forwarded-for': '203.0.113.9, 10.1.2.3' })).toBe(200);
    expect(await statusWith({})).toBe(403);
  });

  it('asks for the key when there is one', async () => {
    exporter = await startTestExporter({ REDIS_URL: redisUrl, PROMETHEUS_API_KEY: KEY });
    expect(await statusWith({ authorization: `Bearer ${KEY}` })).toBe(200);
    expect(await statusWith({ authorization: `bearer ${KEY}` })).toBe(200);
    expect(await statusWith({ 'x-api-key': KEY })).toBe(200);
    const wrong: Record<string, string>[] = [
      {},
      { authorization: `Basic ${KEY}` },
      { authorization: `Bearer ${KEY}x` },
      { authorization: 'Bearer ' },
      { 'x-api-key': KEY.slice(1) },
      { 'x-api-key': '' },
    ];
    for (const headers of wrong) expect(await statusWith(headers)).toBe(401);
    const refused = await ask({ path: `/metrics/export/?key=${KEY}` });
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    expect(refused.body).not.toContain(KEY);
  });

  it('asks for both when both are set', async () => {
    exporter = await startTestExporter({
      REDIS_URL: redisUrl,
      PROMETHEUS_API_KEY: KEY,
      PROMETHEUS_ALLOWED_IPS: '10.0.0.1',
    });
    expect(await statusWith({ authorization: `Bearer ${KEY}` })).toBe(403);
  });
});
