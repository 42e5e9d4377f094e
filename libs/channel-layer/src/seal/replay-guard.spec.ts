import { FixedClock } from '@bus/testing';
import { describe, expect, it } from 'vitest';
import { ReplayGuard } from './replay-guard.ts';

const options = { maxAgeMs: 30_000, clockLeewayMs: 60_000, windowBits: 64, maxSenders: 3 };

function guardAt(clock: FixedClock): ReplayGuard {
  return new ReplayGuard(options, clock.nowMs);
}

describe('ReplayGuard', () => {
  it('keeps the senders apart', () => {
    const clock = new FixedClock();
    const guard = guardAt(clock);
    expect(guard.check('a', 1, clock.nowMs())).toBe('new');
    expect(guard.check('b', 1, clock.nowMs())).toBe('new');
    expect(guard.check('a', 1, clock.nowMs())).toBe('replayed');
  });

  it('takes frames up to the maximum age plus leeway, and a little from the future', () => {
    const clock = new FixedClock();
    const guard = guardAt(clock);
    const start = clock.nowMs();
    clock.advance(200_000);
    const now = clock.nowMs();
    expect(guard.check('a', 1, now - 90_000)).toBe('new');
    expect(guard.check('a', 2, now - 90_001)).toBe('stale');
    expect(guard.check('a', 3, now + 60_000)).toBe('new');
    expect(guard.check('a', 4, now + 60_001)).toBe('stale');
    expect(guard.check('a', 5, start)).toBe('stale');
  });

  it('refuses what was sealed before it existed: an earlier process may have taken it', () => {
    const clock = new FixedClock();
    const sealedAt = clock.nowMs();
    clock.advance(5_000);
    const guard = guardAt(clock);
    expect(guard.check('a', 1, sealedAt)).toBe('replayed');
    expect(guard.check('a', 2, clock.nowMs())).toBe('new');
  });

  it('forgets silent senders, whose frames are too old by then', () => {
    const clock = new FixedClock();
    const guard = guardAt(clock);
    for (const sender of ['a', 'b', 'c']) expect(guard.check(sender, 1, clock.nowMs())).toBe('new');
    const sealedAt = clock.nowMs();
    clock.advance(91_000);
    expect(guard.check('d', 1, clock.nowMs())).toBe('new');
    expect(guard.check('a', 1, sealedAt)).toBe('stale');
  });

  it('stays bounded under more live senders than it can remember, and still takes nothing twice', () => {
    const clock = new FixedClock();
    const guard = guardAt(clock);
    const taken: [string, number][] = [];
    for (let n = 0; n < 50; n += 1) {
      clock.advance(10);
      expect(guard.check(`sender ${n}`, 1, clock.nowMs())).toBe('new');
      taken.push([`sender ${n}`, clock.nowMs()]);
    }
    for (const [sender, sealedAt] of taken) expect(guard.check(sender, 1, sealedAt)).toBe('replayed');
  });
});
