import { spawnSync } from 'node:child_process';
import {
  METRIC_CATALOG,
  Metrics,
  type CounterName,
  type GaugeName,
  type HistogramName,
  type MetricDefinition,
} from '@bus/observability';
import { RedisConnections, redisKeys } from '@bus/platform';
import { PROCESS_DEVICE_ALERT, QUEUE_NAMES, TaskClient } from '@bus/task-base';
import { createRedisDatabase, startMosquitto, waitFor, type MosquittoServer } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  snapshotOf,
  startTestExporter,
  valueOf,
  type TestExporter,
} from '../fixtures/test-exporter.fixture.ts';

let redisUrl: string;
let redis: RedisConnections;
/** A young one: what has not changed for a minute, Mosquitto does not tell a newcomer. */
let broker: MosquittoServer;
let exporter: TestExporter;

beforeAll(async () => {
  redisUrl = await createRedisDatabase(inject('redisUrl'));
  redis = new RedisConnections({ REDIS_URL: redisUrl }, { clientName: 'test' });
  const user = { username: 'exporter', password: 'exporter' };
  broker = await startMosquitto({ users: [user] });
  exporter = await startTestExporter({
    REDIS_URL: redisUrl,
    MQTT_BROKER_ADDRESS: broker.host,
    MQTT_BROKER_PORT: String(broker.port),
    MQTT_USERNAME: user.username,
    MQTT_PASSWORD: user.password,
  });
});
afterAll(async () => {
  await exporter.close();
  await redis.closeAll();
  await broker.stop();
});
beforeEach(() => redis.commands.del(redisKeys.metrics));

async function publish(
  app: string,
  instance: string,
  metrics = new Metrics({ app, instance }),
): Promise<void> {
  await redis.commands.hset(redisKeys.metrics, ...(await snapshotOf(metrics, { app, instance })));
}

/** A process that uses every metric of the catalog with every label. */
function everyMetric(): Metrics {
  const metrics = new Metrics({ app: 'task-worker', instance: 'w-1' });
  for (const [name, { type, labels }] of Object.entries<MetricDefinition>(METRIC_CATALOG)) {
    const values = Object.fromEntries(
      Object.entries(labels).map(([label, rule]) => [label, rule === 'any' ? 'x' : rule[0]]),
    );
    if (type === 'counter') metrics.counter(name as CounterName).inc(values, 2);
    else if (type === 'gauge') metrics.gauge(name as GaugeName).set(values, 0.5);
    else metrics.histogram(name as HistogramName).observe(values, 0.02);
  }
  return metrics;
}

async function countSeries(): Promise<number> {
  const { samples } = await exporter.page();
  return samples.filter(({ name }) => name.startsWith('bus_')).length;
}

describe('the page of the fleet', () => {
  it('shows every process with what it publishes, and the exporter itself', async () => {
    const worker = new Metrics({ app: 'task-worker', instance: 'w-1' });
    worker.counter('bus_alerts_stored_total').inc({ severity: 'critical', result: 'inserted' }, 41);
    await publish('task-worker', 'w-1', worker);
    await publish('ws-gateway', 'g-1');
    await publish('ws-gateway', 'g-2');
    const page = await exporter.page();
    expect(page.problems).toEqual([]);
    for (const process of [
      { app: 'task-worker', instance: 'w-1' },
      { app: 'ws-gateway', instance: 'g-1' },
      { app: 'ws-gateway', instance: 'g-2' },
      { app: 'metrics-exporter', instance: 'exporter-1' },
    ]) {
      expect(valueOf(page, 'up', process)).toBe(1);
      expect(valueOf(page, 'bus_process_snapshot_age_seconds', process)).toBeGreaterThanOrEqual(0);
      expect(valueOf(page, 'process_start_time_seconds', process)).toBeGreaterThan(0);
    }
    const stored = { app: 'task-worker', instance: 'w-1', severity: 'critical', result: 'inserted' };
    expect(valueOf(page, 'bus_alerts_stored_total', stored)).toBe(41);
    expect(valueOf(page, 'bus_exporter_source_up', { source: 'snapshots' })).toBe(1);
  });

  it('forgets a process at once that said goodbye', async () => {
    await publish('ws-gateway', 'gone');
    expect(valueOf(await exporter.page(), 'up', { instance: 'gone' })).toBe(1);
    await redis.commands.hdel(redisKeys.metrics, 'ws-gateway/gone');
    const { samples } = await exporter.page();
    expect(samples.filter(({ labels }) => labels['instance'] === 'gone')).toEqual([]);
  });

  it('tells of a silent process only that it is down, and forgets it after a while', async () => {
    const impatient = await startTestExporter({
      REDIS_URL: redisUrl,
      EXPORTER_SILENT_AFTER_SECONDS: '1',
      EXPORTER_FORGET_AFTER_SECONDS: '3',
    });
    try {
      await publish('ws-gateway', 'silent');
      const process = { app: 'ws-gateway', instance: 'silent' };
      const ofProcess = async () => {
        const { samples } = await impatient.page();
        return samples.filter(({ labels }) => labels['instance'] === 'silent');
      };
      expect((await ofProcess()).length).toBeGreaterThan(10);
      const down = await waitFor(async () => {
        const samples = await ofProcess();
        return samples.some(({ name, value }) => name === 'up' && value === 0) && samples;
      });
      expect(down).toEqual([
        { name: 'bus_process_snapshot_age_seconds', labels: process, value: expect.any(Number) },
        { name: 'up', labels: process, value: 0 },
      ]);
      await waitFor(async () => (await ofProcess()).length === 0);
      expect(await redis.commands.hlen(redisKeys.metrics)).toBe(0);
    } finally {
      await impatient.close();
    }
  });

  it('leaves out what is damaged, counts it, and shows the rest', async () => {
    await publish('ws-gateway', 'good');
    await redis.commands.hset(
      redisKeys.metrics,
      'bad/json',
      '{"at":',
      'bad/form',
      '[]',
      'bad/names',
      '{"at":1,"app":"","instance":"x","metrics":[]}',
    );
    const [field, text] = await snapshotOf(new Metrics({ app: 'a', instance: 'b' }), {
      app: 'mixed',
      instance: '1',
    });
    const mixed: { metrics: object[] } = JSON.parse(text);
    mixed.metrics.push({ name: 'up"} 1\nevil', help: 'h', type: 'gauge', values: [] });
    mixed.metrics.push({
      name: 'bus_mqtt_connected',
      help: 'h',
      type: 'counter',
      values: [{ labels: {}, value: 1 }],
    });
    await redis.commands.hset(redisKeys.metrics, field, JSON.stringify(mixed));
    const before = valueOf(await exporter.page(), 'bus_exporter_unreadable_snapshots_total') ?? 0;
    const page = await exporter.page();
    expect(page.problems).toEqual([]);
    expect(valueOf(page, 'bus_exporter_unreadable_snapshots_total')).toBe(before + 5);
    expect(valueOf(page, 'up', { instance: 'good' })).toBe(1);
    expect(valueOf(page, 'up', { app: 'mixed' })).toBe(1);
    expect(page.samples.filter(({ name }) => name.includes('evil'))).toEqual([]);
  });

  it('shows every queue by state, prioritised jobs included', async () => {
    const client = new TaskClient(redis, new Metrics({ app: 'test', instance: 't' }));
    await client.enqueue(PROCESS_DEVICE_ALERT, {
      message_id: 'm1',
      source_id: 'device-001',
      topic: 'alert/panic/device-001',
      alert_type: 'panic',
      severity: 'critical',
      message: 'help',
      location: null,
      device_time: null,
      received_at: new Date().toISOString(),
      clock_suspect: false,
      raw: {},
    });
    const page = await exporter.page();
    expect(valueOf(page, 'bus_queue_jobs', { queue: 'critical', state: 'prioritized' })).toBe(1);
    expect(valueOf(page, 'bus_queue_jobs', { queue: 'critical', state: 'waiting' })).toBe(0);
    expect(valueOf(page, 'bus_queue_oldest_job_age_seconds', { queue: 'critical' })).toBeGreaterThanOrEqual(
      0,
    );
    for (const queue of QUEUE_NAMES) {
      for (const state of ['waiting', 'prioritized', 'delayed', 'active', 'completed', 'failed']) {
        expect(valueOf(page, 'bus_queue_jobs', { queue, state })).toBeGreaterThanOrEqual(0);
      }
      expect(valueOf(page, 'bus_queue_workers', { queue })).toBe(0);
      expect(valueOf(page, 'bus_queue_paused', { queue })).toBe(0);
    }
  });

  it('shows Redis and the broker', async () => {
    const brokerMetrics = Object.keys(METRIC_CATALOG).filter((name) => name.startsWith('bus_mqtt_broker_'));
    const page = await waitFor(
      async () => {
        const current = await exporter.page();
        return brokerMetrics.every((name) => valueOf(current, name) !== undefined) && current;
      },
      // It tells every few seconds, not all of it each time.
      { message: 'the broker to tell its whole state', timeoutMs: 25_000 },
    );
    expect(brokerMetrics).toHaveLength(6);
    expect(valueOf(page, 'bus_exporter_source_up', { source: 'broker' })).toBe(1);
    expect(valueOf(page, 'bus_redis_up')).toBe(1);
    expect(valueOf(page, 'bus_redis_memory_used_bytes')).toBeGreaterThan(100_000);
    expect(valueOf(page, 'bus_redis_connected_clients')).toBeGreaterThan(0);
    expect(valueOf(page, 'bus_redis_commands_processed_total')).toBeGreaterThan(0);
    expect(valueOf(page, 'bus_redis_persistence_ok')).toBe(1);
  });

  it('is made once for all who ask at the same moment', async () => {
    const pages = await Promise.all(Array.from({ length: 10 }, () => exporter.text()));
    expect(new Set(pages).size).toBeLessThan(10);
  });

  it('does not grow with the readers', async () => {
    const before = await countSeries();
    for (let scrape = 0; scrape < 5; scrape += 1) await exporter.page();
    expect(await countSeries()).toBe(before);
  });

  it('passes promtool where that is installed; the rules of the parser here say the same everywhere', async () => {
    await publish('task-worker', 'w-1', everyMetric());
    const text = await exporter.text();
    expect((await exporter.page()).problems).toEqual([]);
    const promtool = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    const isInstalled = promtool.error === undefined;
    expect(isInstalled ? [promtool.status, promtool.stdout + promtool.stderr] : [0, '']).toEqual([0, '']);
  });
});
