import { FixedClock } from '@bus/testing';
import { describe, expect, it } from 'vitest';
import { ExpiringCache } from './expiring-cache.ts';

describe('ExpiringCache', () => {
  it('forgets a value at the moment it is no longer fresh', () => {
    const clock = new FixedClock();
    const cache = new ExpiringCache<string, number>({ freshMs: 1000, maxEntries: 10 }, clock.nowMs);
    cache.set('a', 1);
    clock.advance(999);
    expect(cache.get('a')).toBe(1);
    clock.advance(1);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('drops the least recently used when it is full', () => {
    const cache = new ExpiringCache<string, number>({ freshMs: 1000, maxEntries: 2 });
    cache.set('a', 1);
    cache.set('b', 2);
    cache.get('a');
    cache.set('c', 3);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  });

  it('deletes a key only while it holds the value named', () => {
    const cache = new ExpiringCache<string, object>({ freshMs: 1000, maxEntries: 2 });
    const [older, newer] = [{}, {}];
    cache.set('a', older);
    cache.set('a', newer);
    cache.deleteIfSame('a', older);
    expect(cache.get('a')).toBe(newer);
    cache.deleteIfSame('a', newer);
    expect(cache.get('a')).toBeUndefined();
  });
});
