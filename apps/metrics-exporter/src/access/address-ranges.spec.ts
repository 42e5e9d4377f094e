import { describe, expect, it } from 'vitest';
import { AddressRanges, clientAddress } from './address-ranges.ts';

describe('AddressRanges', () => {
  const ranges = new AddressRanges(['10.0.0.0/8', '192.168.1.7', 'fd00::/8', '::1']);

  it.each(['10.255.0.1', '192.168.1.7', 'fd12:3456::1', '::1', '::ffff:10.1.2.3'])(
    'includes %s',
    (address) => {
      expect(ranges.includes(address)).toBe(true);
    },
  );

  it.each([
    '11.0.0.1',
    '192.168.1.8',
    'fe80::1',
    '::2',
    '::ffff:11.1.2.3',
    '10.1',
    '0x0a000001',
    '',
    'localhost',
    undefined,
  ])('does not include %s', (address) => {
    expect(ranges.includes(address)).toBe(false);
  });

  it.each([
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '::/129',
    'everybody',
    '',
    '*',
    '10.0.0.0/',
  ])('refuses the range "%s"', (entry) => {
    expect(AddressRanges.isRange(entry)).toBe(false);
    expect(() => new AddressRanges(['10.0.0.1', entry])).toThrow('Entry 2');
  });

  it('takes 0.0.0.0/0 for all of IPv4 and nothing of IPv6', () => {
    const all = new AddressRanges(['0.0.0.0/0']);
    expect([all.includes('203.0.113.9'), all.includes('2001:db8::1')]).toEqual([true, false]);
  });
});

describe('clientAddress', () => {
  const trusted = new AddressRanges(['10.0.0.0/8']);

  it('believes nobody who is not a trusted proxy', () => {
    expect(clientAddress('203.0.113.9', '10.0.0.1, 127.0.0.1', trusted)).toBe('203.0.113.9');
  });

  it('takes the last hop before the trusted proxies, whatever was written before it', () => {
    expect(clientAddress('10.0.0.1', '203.0.113.9', trusted)).toBe('203.0.113.9');
    expect(clientAddress('10.0.0.1', '127.0.0.1, 203.0.113.9, 10.0.0.2', trusted)).toBe('203.0.113.9');
  });

  it('stays with the proxy when it says nothing of whom it heard', () => {
    expect(clientAddress('10.0.0.1', undefined, trusted)).toBe('10.0.0.1');
    expect(clientAddress('10.0.0.1', '10.0.0.2', trusted)).toBe('10.0.0.2');
    expect(clientAddress('10.0.0.1', '', trusted)).toBe('10.0.0.1');
  });

  it('passes on what is no address, which no range includes', () => {
    expect(clientAddress('10.0.0.1', '127.0.0.1, unknown', trusted)).toBe('unknown');
  });
});
