import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { EventLoopMonitor } from './event-loop-monitor.ts';

function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

describe('EventLoopMonitor', () => {
  let monitor: EventLoopMonitor;
  afterEach(() => monitor.stop());

  it('is live while the loop turns', async () => {
    monitor = new EventLoopMonitor({ stuckAfterMs: 5_000 });
    await sleep(50);
    expect(monitor.report().live).toBe(true);
  });

  it('is not live after the loop was blocked for longer than allowed, and recovers when that is past', async () => {
    monitor = new EventLoopMonitor({ stuckAfterMs: 200, windowMs: 500 });
    await sleep(50);
    block(400);
    await sleep(30);
    expect(monitor.report()).toMatchObject({ live: false });
    expect(monitor.report().maxLagMs).toBeGreaterThan(200);
    await expect.poll(() => monitor.report().live, { timeout: 10_000, interval: 50 }).toBe(true);
  });
});
