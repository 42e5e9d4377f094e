import { describe, expect, it } from 'vitest';
import { slotJitterMs } from './slot-jitter.ts';

const slotAt = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));

describe('slotJitterMs', () => {
  it('is the same for the same slot, and none without jitter', () => {
    expect(slotJitterMs(1, slotAt(0), 60)).toBe(slotJitterMs(1, slotAt(0), 60));
    expect(slotJitterMs(1, slotAt(0), 0)).toBe(0);
  });

  it('spreads schedules and slots over the whole range', () => {
    const delays = [
      ...Array.from({ length: 200 }, (_, minute) => slotJitterMs(1, slotAt(minute), 60)),
      ...Array.from({ length: 200 }, (_, id) => slotJitterMs(id, slotAt(0), 60)),
    ];
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThan(60_000);
    for (let sixth = 0; sixth < 6; sixth += 1) {
      const inSixth = delays.filter((delay) => Math.floor(delay / 10_000) === sixth);
      expect(inSixth.length).toBeGreaterThan(30);
    }
  });
});
