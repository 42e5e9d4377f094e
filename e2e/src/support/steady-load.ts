import { setInterval as every, setTimeout as delay } from 'node:timers/promises';

import type { AlertSource } from './alert-source.ts';

export interface SteadyLoad {
  readonly source: AlertSource;
  /** Prefix of the message ids. */
  readonly run: string;
  readonly count: number;
  readonly perSecond: number;
}

/** How long a device waits for the application acknowledgement before it sends an alert again. */
const RESEND_AFTER_MS = 3000;

/**
 * Publishes `count` numbered alerts at a steady rate, alternating QoS 1 and 2, and goes on resending in the background
 * what has not been acknowledged. The fault strikes at a third of the load.
 * @returns the message ids, in order of publishing
 */
export async function publishSteadily(load: SteadyLoad, fault?: () => Promise<void>): Promise<string[]> {
  const { source, run, count, perSecond } = load;
  const ids: string[] = [];
  let striking: Promise<void> | undefined;
  for await (const _tick of every(1000 / perSecond)) {
    const id = `${run}-${ids.length}`;
    ids.push(id);
    void deliver(source, id, ids.length % 2 === 0 ? 1 : 2);
    if (fault && !striking && ids.length >= count / 3) striking = fault();
    if (ids.length === count) break;
  }
  await striking;
  return ids;
}

/** What a device does: sends until the application acknowledgement has come. Never rejects. */
export async function deliver(source: AlertSource, id: string, qos: 1 | 2): Promise<void> {
  for (let attempt = 0; attempt < 20 && !source.acknowledged.has(id) && !source.isClosed; attempt += 1) {
    // The broker's confirmation is not what counts, and may never come when the broker was killed.
    source.alert(id, {}, qos).catch(() => {});
    await delay(RESEND_AFTER_MS);
  }
}
