import { describe, expect, it } from 'vitest';
import { alertIdOf } from './alert-id.ts';

const idOf = (source_id: string, message_id: string) => alertIdOf({ source_id, message_id });

describe('alertIdOf', () => {
  it('is the same in every version: screens and rows hold it', () => {
    expect(idOf('guard-7', 'm-1')).toBe(557307414626192);
    expect(idOf('guard-7', 'm-2')).toBe(1543379471521449);
  });

  it('tells sources and messages apart, wherever one ends and the other begins', () => {
    expect(new Set([idOf('a', 'b'), idOf('b', 'a'), idOf('ab', ''), idOf('', 'ab')]).size).toBe(4);
  });

  it('is the id of what Postgres can hold of the identity', () => {
    expect(idOf('a', '\u0000')).toBe(idOf('a', '\uFFFD'));
    const long = 'k'.repeat(5_000);
    expect(idOf('a', long)).not.toBe(idOf('a', `${long}k`));
  });

  it('is exact as a JSON number, and spread over all of them', () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => idOf('guard-7', String(index)));
    expect(ids.every((id) => Number.isSafeInteger(id) && id >= 1 && id <= 2 ** 52)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id > 2 ** 51).length / ids.length).toBeCloseTo(0.5, 1);
    expect(ids.filter((id) => id % 2 === 0).length / ids.length).toBeCloseTo(0.5, 1);
  });
});
