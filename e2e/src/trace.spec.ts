import { startOtlpSink, type OtlpSink } from '@bus/testing';
import { startBus, type RunningBus } from '@bus/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AlertSource } from './support/alert-source.ts';

describe('the trace of an alert', () => {
  let sink: OtlpSink;
  let bus: RunningBus;

  beforeAll(async () => {
    sink = await startOtlpSink();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url };
    bus = await startBus({ environment: { 'mqtt-ingest': environment, 'task-worker': environment } });
  }, 120_000);
  afterAll(async () => {
    await bus.stop();
    await sink.stop();
  });

  it('is one over the processes it passes, and is sent before they end', async () => {
    const source = await AlertSource.connect({ url: bus.broker.url, ...bus.devices[0]! });
    await source.alert('traced-1');
    await expect.poll(() => source.acknowledged.has('traced-1'), { timeout: 30_000 }).toBe(true);
    await source.close();
    // Spans are sent every few seconds, and what is left when a process stops.
    await Promise.all([bus.ingest.stop(), ...bus.taskWorkers.map((worker) => worker.stop())]);

    const spans = sink.spans.filter(
      ({ attributes }) => attributes['bus.task.name'] === 'process_device_alert',
    );
    const sent = spans.find(({ name }) => name === 'send process_device_alert');
    const processed = spans.find(({ name }) => name === 'process process_device_alert');
    expect(sent).toMatchObject({ service: 'mqtt-ingest', statusCode: 0 });
    expect(processed).toMatchObject({ service: 'task-worker', statusCode: 0, parentSpanId: sent?.spanId });
    expect(processed?.traceId).toBe(sent?.traceId);
  });
});
