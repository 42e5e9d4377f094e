import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RoutingNames } from './routing-names.ts';

describe('RoutingNames', () => {
  const key = randomBytes(32);

  it('gives the same tag in every process, another one under another key or for another kind of name', () => {
    const tag = new RoutingNames(key).ofGroup('tenant_7');
    expect(new RoutingNames(key).ofGroup('tenant_7')).toBe(tag);
    expect(new RoutingNames(randomBytes(32)).ofGroup('tenant_7')).not.toBe(tag);
    expect(new RoutingNames(key).ofChannel('tenant_7')).not.toBe(tag);
    expect(new RoutingNames(key).ofEvent('tenant_7')).not.toBe(tag);
    expect(tag).toMatch(/^[\w-]{22}$/);
  });

  it('stays right after forgetting names', () => {
    const names = new RoutingNames(key);
    const tag = names.ofGroup('user_1');
    for (let n = 0; n < 10_001; n += 1) names.ofEvent(String(n));
    expect(names.ofGroup('user_1')).toBe(tag);
  });

  it('refuses a short key', () => {
    expect(() => new RoutingNames(Buffer.alloc(8))).toThrow(RangeError);
  });
});
