import { FixedClock } from '@bus/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { SnapshotAges } from './snapshot-ages.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

let clock: FixedClock;
let ages: SnapshotAges;

beforeEach(() => {
  clock = new FixedClock();
  ages = new SnapshotAges(clock.nowMs, clock.nowMs);
});

/** The age of the snapshot of one process whose clock is wrong by `skewMs`. */
function lookAt(takenAtMs: number, skewMs = 0): number | undefined {
  const atMs = takenAtMs + skewMs;
  return ages.look([{ field: 'a/1', mark: String(atMs), atMs }]).get('a/1');
}

describe('SnapshotAges', () => {
  it('is the time since the snapshot was taken', () => {
    const takenAt = clock.nowMs();
    clock.advance(3 * SECOND);
    expect(lookAt(takenAt)).toBe(3 * SECOND);
    clock.advance(20 * SECOND);
    expect(lookAt(takenAt)).toBe(23 * SECOND);
    expect(lookAt(clock.nowMs())).toBe(0);
  });

  it.each([-HOUR, HOUR])(
    'does not take a process whose clock is off by %i ms for dead or for immortal',
    (skew) => {
      lookAt(clock.nowMs(), skew);
      clock.advance(30 * SECOND);
      const takenAt = clock.nowMs();
      clock.advance(1 * SECOND);
      expect(lookAt(takenAt, skew)).toBeLessThanOrEqual(31 * SECOND);
      clock.advance(60 * SECOND);
      expect(lookAt(takenAt, skew)).toBeGreaterThanOrEqual(60 * SECOND);
    },
  );

  it('believes the written time on the first look, when nothing else is known', () => {
    expect(lookAt(clock.nowMs() - HOUR)).toBe(HOUR);
  });

  it('does not count the time in which nothing could be seen', () => {
    const takenAt = clock.nowMs();
    lookAt(takenAt);
    clock.advance(2 * SECOND);
    lookAt(takenAt);
    clock.advance(HOUR);
    ages.missLook();
    clock.advance(HOUR);
    expect(lookAt(takenAt)).toBe(2 * SECOND);
    clock.advance(20 * SECOND);
    expect(lookAt(takenAt)).toBe(22 * SECOND);
  });

  it('starts anew with a process that went and came back', () => {
    lookAt(clock.nowMs());
    clock.advance(HOUR);
    expect(ages.look([])).toEqual(new Map());
    clock.advance(SECOND);
    expect(lookAt(clock.nowMs())).toBe(0);
  });
});
