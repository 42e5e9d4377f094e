import { Metrics } from '@bus/observability';
import { describe, expect, it } from 'vitest';
import { parseExposition } from '../fixtures/parse-exposition.fixture.ts';
import { valueOf } from '../fixtures/test-exporter.fixture.ts';
import { MetricFamilies } from './metric-families.ts';
import { usableMetrics, type PublishedMetric } from './published-metric.ts';
import { renderText } from './render-text.ts';

const pageOf = (families: MetricFamilies) => parseExposition(renderText(families.all()));

/** What a process of that name publishes, after its journey as JSON. */
async function published(metrics: Metrics): Promise<PublishedMetric[]> {
  const { usable, unusable } = usableMetrics(JSON.parse(JSON.stringify(await metrics.snapshot())));
  expect(unusable).toBe(0);
  return usable;
}

function oneGauge(name: string, type: PublishedMetric['type']): PublishedMetric {
  return { name, help: 'h', type, values: [{ labels: {}, value: 1 }] };
}

describe('the page', () => {
  it('keeps processes apart and sums nothing', async () => {
    const families = new MetricFamilies();
    for (const [instance, count] of [
      ['a', 3],
      ['b', 4],
    ] as const) {
      const process = { app: 'worker', instance };
      const metrics = new Metrics(process);
      metrics.counter('bus_redis_errors_total').inc({ purpose: 'commands' }, count);
      metrics.gauge('bus_mqtt_connected').set(1);
      metrics.histogram('bus_alert_store_seconds').observe(0.3);
      for (const metric of await published(metrics))
        expect(families.addPublished(metric, process)).toBe(true);
    }
    const page = pageOf(families);
    expect(page.problems).toEqual([]);
    expect(valueOf(page, 'bus_redis_errors_total', { instance: 'a', purpose: 'commands' })).toBe(3);
    expect(valueOf(page, 'bus_redis_errors_total', { instance: 'b', purpose: 'commands' })).toBe(4);
    expect(valueOf(page, 'bus_mqtt_connected', { instance: 'b' })).toBe(1);
    expect(valueOf(page, 'bus_alert_store_seconds_bucket', { instance: 'a', le: '0.25' })).toBe(0);
    expect(valueOf(page, 'bus_alert_store_seconds_bucket', { instance: 'a', le: '+Inf' })).toBe(1);
    expect(valueOf(page, 'bus_alert_store_seconds_sum', { instance: 'b' })).toBe(0.3);
  });

  it('names the process a series came from, whatever the series says', () => {
    const families = new MetricFamilies();
    const metric: PublishedMetric = {
      name: 'bus_mqtt_connected',
      help: 'h',
      type: 'gauge',
      values: [
        { labels: { app: 'somebody-else', instance: 'x' }, value: 1 },
        { labels: { app: 'another' }, value: 2 },
      ],
    };
    families.addPublished(metric, { app: 'ingest', instance: 'a' });
    expect(pageOf(families)).toEqual({
      samples: [{ name: 'bus_mqtt_connected', labels: { app: 'ingest', instance: 'a' }, value: 1 }],
      problems: [],
    });
  });

  it('leaves out a metric of another type than the catalog or the others say', () => {
    const families = new MetricFamilies();
    const process = { app: 'a', instance: '1' };
    expect(families.addPublished(oneGauge('bus_mqtt_connected', 'counter'), process)).toBe(false);
    expect(families.addPublished(oneGauge('of_a_later_version', 'gauge'), process)).toBe(true);
    expect(
      families.addPublished(oneGauge('of_a_later_version', 'counter'), { ...process, instance: '2' }),
    ).toBe(false);
    expect(pageOf(families).samples).toHaveLength(1);
  });

  it('escapes what would end a label or a line, and writes every number so that it can be read', () => {
    const families = new MetricFamilies();
    const hostile = 'a"b\\c\nd{}# 🔥';
    const values = [Number.NaN, Infinity, -Infinity, 0.1, 1e21, -0, 5e-324];
    families.addPublished(
      {
        name: 'odd',
        help: 'first\nline \\ second',
        type: 'gauge',
        values: values.map((value, index) => ({ labels: { hostile, index }, value })),
      },
      { app: hostile, instance: '1' },
    );
    const page = pageOf(families);
    expect(page.problems).toEqual([]);
    expect(page.samples.map((sample) => sample.value)).toEqual(
      values.map((value) => (value === 0 ? 0 : value)),
    );
    expect(page.samples[0]?.labels).toEqual({ hostile, index: '0', app: hostile, instance: '1' });
  });

  it('shows no family that has no series', () => {
    const families = new MetricFamilies();
    families.addPublished(
      { name: 'empty', help: 'h', type: 'gauge', values: [] },
      { app: 'a', instance: '1' },
    );
    families.set('bus_redis_up', {}, 1);
    expect(renderText(families.all())).toMatch(
      /^# HELP bus_redis_up .+\n# TYPE bus_redis_up gauge\nbus_redis_up 1\n$/,
    );
  });
});

describe('usableMetrics', () => {
  const good = { name: 'm', help: 'h', type: 'gauge', values: [{ labels: { a: 'b' }, value: 1 }] };

  it('takes what prom-client publishes and drops values that JSON could not carry', () => {
    const withGap = { ...good, values: [...good.values, { labels: {}, value: null }] };
    expect(usableMetrics([withGap])).toEqual({ usable: [good], unusable: 0 });
  });

  it.each([
    null,
    7,
    'm',
    [],
    { ...good, name: 'not a name' },
    { ...good, name: 'm\nevil 1' },
    { ...good, help: undefined },
    { ...good, type: 'untyped' },
    { ...good, values: {} },
    { ...good, values: [null] },
    { ...good, values: [{ labels: {}, value: '1' }] },
    { ...good, values: [{ labels: null, value: 1 }] },
    { ...good, values: [{ labels: { 'a="x"} 1 #': 'b' }, value: 1 }] },
    { ...good, values: [{ labels: { a: {} }, value: 1 }] },
    { ...good, values: [{ labels: {}, value: 1, metricName: 'up' }] },
  ])('leaves out %j', (metric) => {
    expect(usableMetrics([metric, good])).toEqual({ usable: [good], unusable: 1 });
  });
});
