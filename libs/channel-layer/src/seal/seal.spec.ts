import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../fixtures/random.fixture.ts';
import { KeyRing } from './key-ring.ts';
import { Opener } from './opener.ts';
import { CIPHERTEXT_AT, FRAME_OVERHEAD_BYTES, KEY_ID_AT, NONCE_AT, SALT_AT, TAG_AT } from './sealed-frame.ts';
import { Sealer } from './sealer.ts';

const [keyA, keyB] = [randomBytes(32), randomBytes(32)];
const ring = new KeyRing([keyA]);

function openedText(opener: Opener, channel: string, frame: Buffer): string | undefined {
  const opened = opener.openLive(channel, frame);
  return opened.ok ? opened.content.toString() : undefined;
}

describe('Sealer and Opener', () => {
  it('give back what was sealed, text or bytes, of any length', () => {
    const sealer = new Sealer(ring);
    const opener = new Opener(ring);
    for (const text of ['', 'a', 'Türöffner 🔓', 'x'.repeat(100_000)]) {
      expect(openedText(opener, 'c', sealer.seal('c', text))).toBe(text);
      expect(openedText(opener, 'c', sealer.seal('c', Buffer.from(text)))).toBe(text);
    }
  });

  it('show nothing of the content and never the same bytes twice', () => {
    const sealer = new Sealer(ring);
    const [first, second] = [sealer.seal('c', 'SECRET'), sealer.seal('c', 'SECRET')];
    expect(first.includes('SECRET')).toBe(false);
    expect(first.subarray(CIPHERTEXT_AT).equals(second.subarray(CIPHERTEXT_AT))).toBe(false);
    expect(first.length).toBe(FRAME_OVERHEAD_BYTES + 'SECRET'.length);
  });

  it('never use a nonce twice under one key', () => {
    const nonces = new Set<string>();
    for (const sealer of [new Sealer(ring), new Sealer(ring)]) {
      for (let n = 0; n < 1_000; n += 1) nonces.add(sealer.seal('c', 'x').toString('hex', SALT_AT, TAG_AT));
    }
    expect(nonces.size).toBe(2_000);
  });

  it('tell when a frame was sealed', () => {
    const opened = new Opener(ring, {}, () => 1_800_000_000_123).openLive(
      'c',
      new Sealer(ring, () => 1_800_000_000_123).seal('c', 'x'),
    );
    expect(opened).toMatchObject({ ok: true, sealedAt: 1_800_000_000_123 });
  });

  it('take a live frame once, and a stored one any number of times', () => {
    const frame = new Sealer(ring).seal('c', 'x');
    const opener = new Opener(ring);
    expect(opener.openLive('c', frame).ok).toBe(true);
    expect(opener.openLive('c', frame)).toEqual({ ok: false, reason: 'replayed' });
    expect(opener.openStored('c', frame).ok).toBe(true);
    expect(opener.openStored('c', frame).ok).toBe(true);
  });

  it('bind a frame to its channel', () => {
    const frame = new Sealer(ring).seal('bus:one', 'x');
    expect(new Opener(ring).openLive('bus:two', frame)).toEqual({ ok: false, reason: 'forged' });
  });

  it('refuse a frame of which any single bit was changed', () => {
    const frame = new Sealer(ring).seal('c', 'content');
    const opener = new Opener(ring);
    for (let bit = 0; bit < frame.length * 8; bit += 1) {
      const changed = Buffer.from(frame);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const opened = opener.openLive('c', changed);
      expect(opened.ok, `bit ${bit}`).toBe(false);
    }
    expect(opener.openLive('c', frame).ok).toBe(true);
  });

  it('never throw, whatever comes', () => {
    const random = new SeededRandom(7);
    const opener = new Opener(ring);
    const genuine = new Sealer(ring).seal('c', 'content');
    for (let round = 0; round < 2_000; round += 1) {
      const garbage = Buffer.from(Array.from({ length: random.below(120) }, () => random.below(256)));
      if (random.chance(0.5)) genuine.copy(garbage, 0, 0, random.below(genuine.length));
      expect(opener.openLive('c', garbage).ok).toBe(false);
    }
    for (let length = 0; length < genuine.length; length += 1) {
      expect(opener.openLive('c', genuine.subarray(0, length)).ok).toBe(false);
    }
  });

  it('name the reason of a refusal', () => {
    const opener = new Opener(ring);
    const frame = new Sealer(ring).seal('c', 'x');
    const altered = Buffer.from(frame);
    altered[TAG_AT] = (altered[TAG_AT] ?? 0) ^ 1;
    const longCounter = Buffer.from(frame);
    longCounter[NONCE_AT] = 1;
    expect(opener.openLive('c', Buffer.from('{"type":0}'))).toEqual({ ok: false, reason: 'malformed' });
    expect(opener.openLive('c', longCounter)).toEqual({ ok: false, reason: 'malformed' });
    expect(opener.openLive('c', altered)).toEqual({ ok: false, reason: 'forged' });
    expect(new Opener(new KeyRing([keyB])).openLive('c', frame)).toEqual({
      ok: false,
      reason: 'unknown_key',
    });
  });
});

const works = (from: KeyRing, to: KeyRing): boolean =>
  openedText(new Opener(to), 'c', new Sealer(from).seal('c', 'x')) === 'x';
const idOf = (keys: KeyRing): number => new Sealer(keys).seal('c', 'x').readUInt32BE(KEY_ID_AT);

describe('KeyRing', () => {
  it('rotates: everyone opens both keys while some seal with the old and some with the new one', () => {
    const before = new KeyRing([keyA]);
    const added = new KeyRing([keyA, keyB]);
    const switched = new KeyRing([keyB, keyA]);
    const removed = new KeyRing([keyB]);
    expect([works(before, added), works(added, before)]).toEqual([true, true]);
    expect([works(added, switched), works(switched, added)]).toEqual([true, true]);
    expect([works(switched, removed), works(removed, switched)]).toEqual([true, true]);
    expect([works(before, removed), works(removed, before)]).toEqual([false, false]);
  });

  it('names a key the same wherever it stands in the list', () => {
    expect(idOf(new KeyRing([keyB]))).toBe(idOf(new KeyRing([keyB, keyA])));
    expect(idOf(new KeyRing([keyA]))).not.toBe(idOf(new KeyRing([keyB])));
  });

  it('takes the same key twice as once, and refuses none and short ones', () => {
    expect(new KeyRing([keyA, keyA]).primary.id).toBe(ring.primary.id);
    expect(() => new KeyRing([])).toThrow(RangeError);
    expect(() => new KeyRing([randomBytes(16)])).toThrow('32 bytes, one has 16');
  });
});
