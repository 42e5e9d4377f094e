import type { ChannelLayer } from '@bus/channel-layer';
import type { AlertQueries, DeviceRegistry } from '@bus/database';
import { Metrics } from '@bus/observability';
import { normaliseAlert, type DeviceAlertJob } from '@bus/payload-schemas';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ExpressAlerts } from './express-alerts.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function alert(): DeviceAlertJob {
  const job = normaliseAlert(
    { timestamp: new Date().toISOString() },
    {
      topic: 'alert/panic/dev-1',
      topicAlertType: 'panic',
      sourceId: 'dev-1',
      messageId: 'm-1',
      receivedAt: new Date(),
    },
  );
  if (job === null) throw new Error('the alert is one');
  return job;
}

it('takes four at a time, and after a fifth none for a second, so that nothing overtakes it', async () => {
  const answers: (() => void)[] = [];
  const insertMany = () => new Promise<[]>((resolve) => answers.push(() => resolve([])));
  const express = new ExpressAlerts(
    { lookup: () => Promise.resolve(new Map()) } as unknown as DeviceRegistry,
    { insertMany } as unknown as AlertQueries,
    { broadcastToGroup: () => Promise.resolve(true) } as unknown as ChannelLayer,
    new Metrics({ app: 'mqtt-ingest', instance: 'spec' }),
  );
  for (let sent = 0; sent < 4; sent += 1) {
    expect(express.canTake(alert())).toBe(true);
    express.send(alert());
  }
  await vi.advanceTimersByTimeAsync(0);
  expect(answers).toHaveLength(4);
  expect(express.canTake(alert())).toBe(false);

  for (const answer of answers) answer();
  await vi.advanceTimersByTimeAsync(999);
  expect(express.canTake(alert())).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(express.canTake(alert())).toBe(true);
});
