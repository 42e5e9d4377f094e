import { AggregatorRegistry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { METRIC_CATALOG } from './metric-catalog.ts';
import type { MetricDefinition } from './metric-definition.ts';
import { Metrics } from './metrics.ts';

const catalog: [string, MetricDefinition][] = Object.entries(METRIC_CATALOG);

const create = () => new Metrics({ app: 'task-worker', instance: 'w-1' });

describe('METRIC_CATALOG', () => {
  it.each(catalog)('%s keeps the naming rules', (name, { type, help }) => {
    // `up` is the name Prometheus users know; everything else is ours.
    expect(name).toMatch(/^(?:up|bus_[a-z0-9_]+[a-z0-9])$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name).not.toMatch(/_(?:ms|milliseconds|minutes|percent|kb|mb)(?:_|$)/);
    expect(help).toMatch(/^[A-Z].*\.$/);
  });

  it.each(catalog.filter(([, { type }]) => type === 'histogram'))(
    '%s has a unit and rising buckets',
    (name, { buckets }) => {
      expect(name).toMatch(/_(?:seconds|bytes|items)$/);
      expect(buckets?.length).toBeGreaterThan(3);
      expect(buckets?.toSorted((a, b) => a - b)).toEqual(buckets);
    },
  );

  it.each(catalog.filter(([, { type }]) => type !== 'histogram'))(
    '%s has no buckets',
    (_name, { buckets }) => {
      expect(buckets).toBeUndefined();
    },
  );

  it.each(catalog)('%s has no label that grows with devices, users or messages', (_name, { labels }) => {
    for (const label of Object.keys(labels)) {
      expect(label).toMatch(/^[a-z_]+$/);
      expect(label).not.toMatch(/(?:_id|^id|^topic|^device|^user|^tenant|^client|^job|^message|^email|^ip)$/);
    }
  });
});

describe('Metrics', () => {
  it('puts app and instance on every series', async () => {
    const metrics = create();
    metrics.counter('bus_task_started_total').inc({ queue: 'critical', task: 'process_device_alert' });
    const { body, contentType } = await metrics.render();
    expect(contentType).toContain('text/plain');
    expect(body).toContain(
      'bus_task_started_total{queue="critical",task="process_device_alert",app="task-worker",instance="w-1"} 1',
    );
    expect(body).toMatch(/process_cpu_seconds_total\{app="task-worker",instance="w-1"\}/);
  });

  it('creates each metric once', () => {
    const metrics = create();
    expect(metrics.counter('bus_task_started_total')).toBe(metrics.counter('bus_task_started_total'));
    expect(metrics.gauge('bus_mqtt_connected')).toBe(metrics.gauge('bus_mqtt_connected'));
    expect(metrics.histogram('bus_mqtt_app_ack_seconds')).toBe(metrics.histogram('bus_mqtt_app_ack_seconds'));
  });

  it('starts known label combinations at 0, and shows nothing it was not asked for', async () => {
    const metrics = create();
    metrics.counter('bus_channel_rejected_total');
    metrics.counter('bus_websocket_broadcast_total');
    const { body } = await metrics.render();
    for (const reason of ['forged', 'replayed', 'unknown_key', 'malformed']) {
      expect(body).toMatch(new RegExp(`bus_channel_rejected_total\\{reason="${reason}",.*\\} 0\n`));
    }
    expect(body.match(/^bus_websocket_broadcast_total\{/gm)).toHaveLength(5 * 4 * 2);
    expect(body).not.toContain('bus_task_');
  });

  it('starts a counter without labels at 0, once', async () => {
    const metrics = create();
    metrics.counter('bus_channel_outbox_sent_total');
    const { body } = await metrics.render();
    expect(body).toMatch(/^bus_channel_outbox_sent_total\{app="task-worker",instance="w-1"\} 0$/m);
  });

  it('has only counters ending in _total, as Prometheus demands', async () => {
    const { body } = await create().render();
    const misnamed = [...body.matchAll(/^# TYPE (\S+_total) (?!counter)/gm)].map(([, name]) => name);
    expect(misnamed).toEqual([]);
  });

  it('reads changing states just before they are shown', async () => {
    const metrics = create();
    let jobs = 0;
    metrics.beforeCollect(async () =>
      metrics.gauge('bus_worker_jobs_active').set({ queue: 'critical' }, ++jobs),
    );
    expect((await metrics.render()).body).toMatch(/^bus_worker_jobs_active\{.*\} 1$/m);
    const active = (await metrics.snapshot()).find(({ name }) => name === 'bus_worker_jobs_active');
    expect(active?.values[0]?.value).toBe(2);
  });

  it('leaves out of a snapshot what JSON cannot carry', async () => {
    const metrics = create();
    metrics.gauge('bus_mqtt_connected').set(Number.NaN);
    const json = JSON.stringify(await metrics.snapshot());
    expect(json).not.toContain('"value":null');
  });

  it('survives JSON and combines with other processes by the rule of each metric', async () => {
    const snapshots = await Promise.all(
      [3, 5].map(async (jobs) => {
        const metrics = new Metrics({ app: 'metrics-exporter', instance: 'same' });
        metrics.counter('bus_channel_outbox_sent_total').inc(jobs);
        metrics.gauge('bus_queue_jobs').set({ queue: 'critical', state: 'active' }, jobs);
        metrics.gauge('bus_worker_jobs_active').set({ queue: 'critical' }, jobs);
        metrics.histogram('bus_mqtt_app_ack_seconds').observe(jobs / 100);
        return JSON.parse(JSON.stringify(await metrics.snapshot()));
      }),
    );
    const body = await AggregatorRegistry.aggregate(snapshots).metrics();
    expect(body).toMatch(/^bus_channel_outbox_sent_total\{.*\} 8$/m);
    expect(body).toMatch(/^bus_queue_jobs\{.*\} 5$/m);
    expect(body).toMatch(/^bus_worker_jobs_active\{.*\} 8$/m);
    expect(body).toMatch(/^bus_mqtt_app_ack_seconds_count\{.*\} 2$/m);
  });
});
