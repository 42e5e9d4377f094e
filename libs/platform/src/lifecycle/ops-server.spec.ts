import { EventLoopMonitor, Metrics, ReadinessRegistry } from '@bus/observability';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OpsServer } from './ops-server.ts';

describe('OpsServer', () => {
  let eventLoop: EventLoopMonitor;
  let server: OpsServer;
  let url: string;

  beforeEach(async () => {
    eventLoop = new EventLoopMonitor();
    server = new OpsServer(eventLoop);
    url = `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
  });
  afterEach(() => {
    server.close();
    eventLoop.stop();
  });

  const status = async (path: string) => (await fetch(`${url}${path}`)).status;

  it('is alive, not ready and without metrics until the app has started', async () => {
    expect(await Promise.all(['/healthz/live', '/healthz/ready', '/metrics'].map(status))).toEqual([
      200, 503, 503,
    ]);

    server.attach(new ReadinessRegistry(), new Metrics({ app: 'test', instance: 'i' }));
    expect(await Promise.all(['/healthz/ready', '/metrics'].map(status))).toEqual([503, 200]);

    server.setStarted();
    expect(await status('/healthz/ready')).toBe(200);
  });

  it('is not ready when a check fails, and stays alive', async () => {
    const readiness = new ReadinessRegistry();
    readiness.register('redis', () => Promise.reject(new Error('away')));
    server.attach(readiness, new Metrics({ app: 'test', instance: 'i' }));
    server.setStarted();
    const response = await fetch(`${url}/healthz/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, checks: { redis: { ok: false, error: 'away' } } });
    expect(await status('/healthz/live')).toBe(200);
  });

  it('answers 500 when the metrics cannot be read, and goes on', async () => {
    const metrics = new Metrics({ app: 'test', instance: 'i' });
    metrics.beforeCollect(() => Promise.reject(new Error('no')));
    server.attach(new ReadinessRegistry(), metrics);
    expect(await status('/metrics')).toBe(500);
    expect(await status('/healthz/live')).toBe(200);
  });

  it('says what it has when asked for something else', async () => {
    const response = await fetch(`${url}/`);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('/healthz/live');
  });
});
