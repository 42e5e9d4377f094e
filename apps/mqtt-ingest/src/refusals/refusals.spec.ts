import { Metrics } from '@bus/observability';
import type { ChannelLayer } from '@bus/channel-layer';
import { describe, expect, it, vi } from 'vitest';
import type { Refusal } from '../checks/refusal.ts';
import { IngestMetrics } from '../metrics/ingest-metrics.ts';
import type { Broker } from '../transport/broker.ts';
import { ErrorAnswers } from './error-answers.ts';
import { NocNotices } from './noc-notices.ts';
import { Quarantine } from './quarantine.ts';
import { Refusals } from './refusals.ts';

const ALERT: Refusal = {
  code: 'json',
  reason: 'the payload must be JSON',
  topic: 'alert/fire/s-1',
  sourceId: 's-1',
  messageId: null,
  payload: Buffer.from('<script>alert(1)</script>\0\u001b[2J'),
  receivedAt: new Date('2026-01-02T03:04:05Z'),
};

function setUp() {
  const metrics = new Metrics({ app: 'mqtt-ingest', instance: 'spec' });
  const ingestMetrics = new IngestMetrics(metrics);
  const publish = vi.fn<Broker['publish']>(() => Promise.resolve());
  const broadcastToNocDashboard = vi.fn<ChannelLayer['broadcastToNocDashboard']>(() => Promise.resolve(true));
  const keep = vi.fn<Quarantine['keep']>(() => Promise.resolve());
  const refusals = new Refusals(
    ingestMetrics,
    new (class extends Quarantine {
      keep = keep;
    })(),
    new ErrorAnswers({ publish } as unknown as Broker, ingestMetrics),
    new NocNotices({ broadcastToNocDashboard } as unknown as ChannelLayer),
  );
  return { metrics, publish, broadcastToNocDashboard, keep, refusals };
}

describe('Refusals', () => {
  it('counts, answers, keeps, and tells the operations centre of an alert', async () => {
    const { metrics, publish, broadcastToNocDashboard, keep, refusals } = setUp();
    refusals.report(ALERT);
    await refusals.drain(5_000);
    expect(publish).toHaveBeenCalledExactlyOnceWith(
      'downlink/s-1/error',
      { topic: 'alert/fire/s-1', code: 'json', reason: 'the payload must be JSON' },
      { qos: 1, timeoutMs: 5_000 },
    );
    expect(keep).toHaveBeenCalledExactlyOnceWith(ALERT);
    expect(broadcastToNocDashboard).toHaveBeenCalledExactlyOnceWith({
      messageType: 'system_alert',
      priority: 'critical',
      eventId: expect.stringMatching(/^alert_refused:[0-9a-f]{64}$/),
      data: {
        code: 'alert_refused',
        reason: 'An alert could not be read: the payload must be JSON',
        source_id: 's-1',
        topic: 'alert/fire/s-1',
        excerpt: '<script>alert(1)</script>␀\u001b[2J',
        occurred_at: '2026-01-02T03:04:05.000Z',
      },
    });
    expect((await metrics.render()).body).toMatch(/bus_mqtt_messages_rejected_total\{reason="json".*\} 1/);
  });

  it('does not bother the operations centre with telemetry, nor answers nobody', async () => {
    const { publish, broadcastToNocDashboard, keep, refusals } = setUp();
    refusals.report({ ...ALERT, topic: 'device/d 1/telemetry', sourceId: null, code: 'bad_segment' });
    await refusals.drain(5_000);
    expect(publish).not.toHaveBeenCalled();
    expect(broadcastToNocDashboard).not.toHaveBeenCalled();
    expect(keep).toHaveBeenCalledOnce();
  });

  it('limits answers and notices per source and sums the rest up', async () => {
    const { publish, broadcastToNocDashboard, keep, refusals } = setUp();
    for (let sent = 0; sent < 100; sent += 1) refusals.report(ALERT);
    refusals.report({ ...ALERT, sourceId: 's-2', topic: 'alert/fire/s-2' });
    await refusals.drain(5_000);
    expect(publish).toHaveBeenCalledTimes(31);
    expect(broadcastToNocDashboard).toHaveBeenCalledTimes(11);
    expect(keep).toHaveBeenCalledTimes(101);
  });

  it('stays calm when broker and database fail, and says so in figures', async () => {
    const { metrics, publish, keep, refusals } = setUp();
    publish.mockRejectedValue(new Error('not connected'));
    keep.mockRejectedValue(new Error('database away'));
    refusals.report(ALERT);
    await refusals.drain(5_000);
    const { body } = await metrics.render();
    expect(body).toMatch(/bus_mqtt_quarantined_total\{result="dropped".*\} 1/);
    expect(body).toMatch(/bus_mqtt_downlink_messages_total\{kind="error",result="failure".*\} 1/);
  });

  it('keeps a bounded amount waiting for a database that hangs', async () => {
    const { metrics, keep, refusals } = setUp();
    let finish: (() => void)[] = [];
    keep.mockImplementation(() => new Promise((resolve) => finish.push(resolve)));
    const megabyte = { ...ALERT, payload: Buffer.alloc(1024 * 1024) };
    for (let sent = 0; sent < 40; sent += 1) refusals.report(megabyte);
    expect((await metrics.render()).body).toMatch(/bus_mqtt_quarantined_total\{result="dropped".*\} 8/);
    const drained = refusals.drain(5_000);
    while (finish.length > 0) {
      const now = finish;
      finish = [];
      for (const resolve of now) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await drained;
    expect(keep).toHaveBeenCalledTimes(32);
  });
});
