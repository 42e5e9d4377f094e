import type { RuntimeSettings } from '@bus/platform';
import { Metrics } from '@bus/observability';
import { INBOUND_TOPICS, topicFilter } from '@bus/topic-whitelist';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ExpressAlerts } from '../alerts/express-alerts.ts';
import type { EnqueueLanes } from '../lanes/enqueue-lanes.ts';
import type { LaneOutcome } from '../lanes/lane-item.ts';
import { IngestMetrics } from '../metrics/ingest-metrics.ts';
import type { Refusals } from '../refusals/refusals.ts';
import type { IngestSettings } from '../settings.ts';
import type { Broker } from './broker.ts';
import { HeldAckMqttServer } from './held-ack-mqtt.server.ts';

const ack = { isHeld: true, settle: vi.fn<() => void>(), release: vi.fn<() => void>() };
const report = vi.fn<Refusals['report']>();
const open = vi.fn<Broker['open']>(() => Promise.resolve());

function serverWith(
  handler: () => Promise<LaneOutcome>,
  filters = INBOUND_TOPICS.map(topicFilter),
): HeldAckMqttServer {
  const server = new HeldAckMqttServer(
    { open } as unknown as Broker,
    {} as EnqueueLanes,
    {} as ExpressAlerts,
    { report } as unknown as Refusals,
    new IngestMetrics(new Metrics({ app: 'mqtt-ingest', instance: 'spec' })),
    { INGEST_MAX_MESSAGE_BYTES: 1024 } as IngestSettings,
    {} as RuntimeSettings,
  );
  for (const filter of filters) server.addHandler(filter, handler, true);
  return server;
}

async function receive(server: HeldAckMqttServer, topic: string, payload: string): Promise<void> {
  const problem = await new Promise((resolve) => void server.listen(resolve));
  if (problem !== undefined) throw problem;
  const receiver = open.mock.calls.at(-1)?.[0];
  receiver?.(
    { cmd: 'publish', topic, payload: Buffer.from(payload), qos: 1, dup: false, retain: false },
    ack,
  );
  await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => void vi.clearAllMocks());

describe('HeldAckMqttServer', () => {
  it('acknowledges what is enqueued, lets go of what comes again', async () => {
    await receive(
      serverWith(() => Promise.resolve({ kind: 'enqueued', duplicate: true })),
      'alert/fire/s-1',
      '{}',
    );
    expect([ack.settle.mock.calls.length, ack.release.mock.calls.length]).toEqual([1, 0]);
    await receive(
      serverWith(() => Promise.resolve({ kind: 'abandoned' })),
      'alert/fire/s-1',
      '{}',
    );
    expect([ack.settle.mock.calls.length, ack.release.mock.calls.length]).toEqual([1, 1]);
    expect(report).not.toHaveBeenCalled();
  });

  it('does not acknowledge before the handler is done', async () => {
    await receive(
      serverWith(() => new Promise(() => undefined)),
      'alert/fire/s-1',
      '{}',
    );
    expect([ack.settle.mock.calls.length, ack.release.mock.calls.length]).toEqual([0, 0]);
  });

  it.each([
    [
      'fails a check',
      () => Promise.resolve({ kind: 'enqueued', duplicate: false } as const),
      'x',
      'json',
      /JSON/,
    ],
    [
      'can never be enqueued',
      () => Promise.resolve({ kind: 'unusable', reason: 'too large' } as const),
      '{}',
      'schema',
      /too large/,
    ],
    [
      'breaks its handler',
      () => Promise.reject(new Error('defect')),
      '{}',
      'schema',
      /^the platform could not process this/,
    ],
  ])('refuses and acknowledges a message that %s', async (_case, handler, payload, code, reason) => {
    await receive(serverWith(handler), 'alert/fire/s-1', payload);
    expect(ack.settle).toHaveBeenCalledOnce();
    expect(report).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        code,
        reason: expect.stringMatching(reason),
        topic: 'alert/fire/s-1',
        sourceId: 's-1',
      }),
    );
  });

  it('does not start without a handler for every topic, or with two for one', async () => {
    const handler = (): Promise<LaneOutcome> => Promise.resolve({ kind: 'abandoned' });
    const filters = INBOUND_TOPICS.map(topicFilter);
    await expect(receive(serverWith(handler, filters.slice(1)), 'x', '')).rejects.toThrow(
      /device\/\{deviceId\}\/telemetry has no handler/,
    );
    await expect(receive(serverWith(handler, [...filters, 'alert/+/+']), 'x', '')).rejects.toThrow(
      /alert\/\{alertType\}\/\{sourceId\} has more than one handler/,
    );
    expect(open).not.toHaveBeenCalled();
  });

  it('ends in order: takes nothing more, hands over, finishes what runs besides, leaves the broker', async () => {
    const steps: string[] = [];
    const step =
      <T>(name: string, answer: T) =>
      (): T => {
        steps.push(name);
        return answer;
      };
    const drained = (name: string) => ({ drain: step(name, Promise.resolve(true)) });
    const server = new HeldAckMqttServer(
      { stopTaking: step('no more', undefined), close: step('closed', undefined) } as unknown as Broker,
      drained('lanes') as unknown as EnqueueLanes,
      drained('express') as unknown as ExpressAlerts,
      drained('refusals') as unknown as Refusals,
      new IngestMetrics(new Metrics({ app: 'mqtt-ingest', instance: 'spec' })),
      {} as IngestSettings,
      { SHUTDOWN_DEADLINE_MS: 1_000 } as RuntimeSettings,
    );
    await server.close();
    expect(steps).toEqual(['no more', 'lanes', 'express', 'refusals', 'closed']);
  });
});
