import { describe, expect, it } from 'vitest';
import { addressNetwork, anonymousPeer, clientAddress, TrustedProxies } from './client-address.ts';

const nobody = new TrustedProxies([]);
const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);

describe('the address of a client', () => {
  it('is the peer itself when no proxy is trusted, whatever the header says', () => {
    expect(clientAddress('203.0.113.5', '198.51.100.1', nobody)).toBe('203.0.113.5');
    expect(clientAddress('127.0.0.1', '198.51.100.1', nobody)).toBe('127.0.0.1');
  });

  it('is what a trusted proxy saw', () => {
    expect(clientAddress('10.1.2.3', '198.51.100.1', proxies)).toBe('198.51.100.1');
    expect(clientAddress('::ffff:10.1.2.3', '198.51.100.1', proxies)).toBe('198.51.100.1');
    expect(clientAddress('fd00::1', '2001:db8::1', proxies)).toBe('2001:db8::1');
  });

  it('never is what the client wrote in front of the first hop we trust', () => {
    expect(clientAddress('10.1.2.3', '1.1.1.1, 198.51.100.1, 192.0.2.7', proxies)).toBe('198.51.100.1');
    expect(clientAddress('10.1.2.3', '10.9.9.9, 198.51.100.1', proxies)).toBe('198.51.100.1');
  });

  it('falls back to the last address that can be read', () => {
    expect(clientAddress('10.1.2.3', 'unknown', proxies)).toBe('10.1.2.3');
    expect(clientAddress('10.1.2.3', '198.51.100.1, garbage', proxies)).toBe('10.1.2.3');
    expect(clientAddress('10.1.2.3', '', proxies)).toBe('10.1.2.3');
    expect(clientAddress(undefined, '198.51.100.1', proxies)).toBe('unknown');
  });

  it('is not read from short or octal forms, which two programs read in two ways', () => {
    expect(clientAddress('10.1.2.3', '010.0.0.1', proxies)).toBe('10.1.2.3');
    expect(clientAddress('10.1.2.3', '3232235777', proxies)).toBe('10.1.2.3');
  });
});

describe('networks', () => {
  it('are /24 and /48 for devices, one address and /64 for strangers', () => {
    expect(addressNetwork('203.0.113.77')).toBe('203.0.113.0/24');
    expect(addressNetwork('2001:db8:1:2:3::4')).toBe('2001:db8:1::/48');
    expect(anonymousPeer('203.0.113.77')).toBe('203.0.113.77/32');
    expect(anonymousPeer('2001:db8:1:2:3::4')).toBe('2001:db8:1:2::/64');
    expect(addressNetwork('unknown')).toBe('unknown');
  });

  it('of proxies must be real ones', () => {
    expect(() => new TrustedProxies(['10.0.0.0/8', 'proxy.example'])).toThrow('proxy.example');
    expect(() => new TrustedProxies(['10.0.0.0/33'])).toThrow(RangeError);
  });
});
