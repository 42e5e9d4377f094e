import { describe, expect, it } from 'vitest';
import { DeviceFingerprints, type DeviceTraits } from './device-fingerprint.ts';

const fingerprints = new DeviceFingerprints(Buffer.alloc(32, 7));
const desk: DeviceTraits = { deviceId: 'desk-1', userAgent: 'Firefox/140', address: '203.0.113.5' };
const issued = fingerprints.of(desk);

describe('a device fingerprint', () => {
  it('says nothing about the device and is different under another key', () => {
    expect(issued).toMatch(/^[\w-]{16}\.[\w-]{16}\.[\w-]{16}$/);
    expect(new DeviceFingerprints(Buffer.alloc(32, 8)).of(desk)).not.toBe(issued);
  });

  it('has no part that could stand for another one', () => {
    const parts = fingerprints.of({
      deviceId: '203.0.113.0/24',
      userAgent: '203.0.113.0/24',
      address: '203.0.113.5',
    });
    expect(new Set(parts.split('.')).size).toBe(3);
  });
});

describe.each([
  // what changed, presented, strict, not strict
  ['nothing', desk, 'bound', 'bound'],
  ['the address within the network', { ...desk, address: '203.0.113.99' }, 'bound', 'bound'],
  ['the network', { ...desk, address: '198.51.100.5' }, 'mismatch', 'bound'],
  ['the browser', { ...desk, userAgent: 'Firefox/141' }, 'mismatch', 'bound'],
  ['the device id', { ...desk, deviceId: 'desk-2' }, 'mismatch', 'mismatch'],
  ['a device id left out', { ...desk, deviceId: undefined }, 'mismatch', 'mismatch'],
] as const)('%s', (_name, presented, strict, tolerant) => {
  it(`is ${strict} when strict and ${tolerant} otherwise`, () => {
    expect(fingerprints.check(issued, presented, true)).toBe(strict);
    expect(fingerprints.check(issued, presented, false)).toBe(tolerant);
  });
});

describe('a token issued without a device id', () => {
  const withoutDevice = { ...desk, deviceId: undefined };
  const unbound = fingerprints.of(withoutDevice);

  it('is good for any device, unless binding is strict', () => {
    expect(fingerprints.check(unbound, desk, false)).toBe('bound');
    expect(fingerprints.check(unbound, desk, true)).toBe('mismatch');
    expect(fingerprints.check(unbound, withoutDevice, true)).toBe('bound');
  });
});

it('a token without a fingerprint passes only when binding is not strict', () => {
  expect(fingerprints.check(undefined, desk, true)).toBe('missing');
  expect(fingerprints.check(undefined, desk, false)).toBe('bound');
});

it.each(['', '.', '..', '-', '-.-.-', 'x.y', '\u0000.\u0000.\u0000'])(
  'a damaged fingerprint %j never passes strictly',
  (damaged) => {
    expect(fingerprints.check(damaged, desk, true)).toBe('mismatch');
  },
);
