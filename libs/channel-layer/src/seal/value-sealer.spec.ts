import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { testKeys } from '../fixtures/channel-processes.fixture.ts';
import { ValueSealer } from './value-sealer.ts';

const [oldKey, newKey, routing] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const before = new ValueSealer(testKeys([oldKey], routing));
const during = new ValueSealer(testKeys([newKey, oldKey], routing));
const after = new ValueSealer(testKeys([newKey], routing));

describe('ValueSealer', () => {
  it('opens what any process with the key has sealed, as often as asked', () => {
    const sealed = before.seal('here', 'hünter2');
    expect(sealed).toMatch(/^[\w-]+$/);
    expect(before.open('here', sealed)).toEqual({ ok: true, text: 'hünter2' });
    expect(new ValueSealer(testKeys([oldKey])).open('here', sealed)).toEqual({ ok: true, text: 'hünter2' });
    expect(before.seal('here', 'hünter2')).not.toBe(sealed);
  });

  it('opens old values during a rotation, and not once their key is gone', () => {
    const sealed = before.seal('here', 'text');
    expect(during.open('here', sealed)).toEqual({ ok: true, text: 'text' });
    expect(after.open('here', sealed)).toEqual({ ok: false, reason: 'unknown_key' });
    expect(after.open('here', during.seal('here', 'text'))).toEqual({ ok: true, text: 'text' });
  });

  it('refuses a value that was moved, altered or made up', () => {
    const sealed = before.seal('here', 'text');
    expect(before.open('there', sealed)).toEqual({ ok: false, reason: 'forged' });
    const altered = Buffer.from(sealed, 'base64url');
    altered[altered.length - 1]! ^= 1;
    expect(before.open('here', altered.toString('base64url'))).toEqual({ ok: false, reason: 'forged' });
    expect(before.open('here', 'nonsense')).toEqual({ ok: false, reason: 'malformed' });
    expect(before.open('here', '')).toEqual({ ok: false, reason: 'malformed' });
  });

  it('recognises equal texts over a rotation, and only with the routing key', () => {
    expect(before.fingerprint('1234')).toBe(after.fingerprint('1234'));
    expect(before.fingerprint('1234')).not.toBe(before.fingerprint('1235'));
    expect(new ValueSealer(testKeys([oldKey])).fingerprint('1234')).not.toBe(before.fingerprint('1234'));
  });
});
