import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.process>;
type Range = [Address, number];

/** Networks whose `X-Forwarded-*` headers are believed. Empty: nobody's. */
export class TrustedProxies {
  private readonly ranges: readonly Range[];

  /** @throws RangeError that names the entry which is neither an address nor a CIDR range. */
  constructor(entries: readonly string[]) {
    this.ranges = entries.map(parseRange);
  }

  includes(address: string): boolean {
    const parsed = parseAddress(address);
    return (
      parsed !== undefined &&
      this.ranges.some(([range, bits]) => range.kind() === parsed.kind() && parsed.match(range, bits))
    );
  }
}

/**
 * The address a request really came from. The forwarded chain is read from the right, the end our own proxies wrote:
 * the first hop that is not a trusted proxy is the client. What lies further left was written by the client itself.
 */
export function clientAddress(
  remoteAddress: string | undefined,
  forwardedFor: string | undefined,
  trusted: TrustedProxies,
): string {
  let address = normalAddress(remoteAddress) ?? 'unknown';
  if (forwardedFor === undefined) return address;
  const hops = forwardedFor.split(',');
  while (trusted.includes(address)) {
    const hop = normalAddress(hops.pop()?.trim());
    if (hop === undefined) break;
    address = hop;
  }
  return address;
}

/** The /24 (IPv4) or /48 (IPv6) network of an address: what a moving laptop or phone keeps for a while. */
export function addressNetwork(address: string): string {
  return network(address, { ipv4: 24, ipv6: 48 });
}

/** What counts as one anonymous peer: an IPv4 address, or a /64, because one IPv6 host owns a whole /64. */
export function anonymousPeer(address: string): string {
  return network(address, { ipv4: 32, ipv6: 64 });
}

function network(address: string, bits: { ipv4: number; ipv6: number }): string {
  const parsed = parseAddress(address);
  if (parsed === undefined) return 'unknown';
  const prefix = bits[parsed.kind()];
  const bytes = parsed.toByteArray().map((byte, index) => {
    const kept = Math.min(8, Math.max(0, prefix - index * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
  return `${ipaddr.fromByteArray(bytes).toString()}/${prefix}`;
}

function normalAddress(text: string | undefined): string | undefined {
  return text === undefined ? undefined : parseAddress(text)?.toString();
}

/** IPv4 inside IPv6 (`::ffff:1.2.3.4`) becomes IPv4, so that one peer has one name. */
function parseAddress(text: string): Address | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  // isValid also takes short and octal forms such as "10.1" and "010.0.0.1"; two readings of one text are a hole.
  if (!ipaddr.IPv6.isValid(bare) && !ipaddr.IPv4.isValidFourPartDecimal(bare)) return undefined;
  return ipaddr.process(bare);
}

/** Whether a text is an IP address or a CIDR range. */
export function isNetwork(entry: string): boolean {
  return entry.includes('/') ? ipaddr.isValidCIDR(entry) : parseAddress(entry) !== undefined;
}

function parseRange(entry: string): Range {
  if (!isNetwork(entry)) throw new RangeError(`"${entry}" is neither an IP address nor a CIDR range.`);
  if (entry.includes('/')) return ipaddr.parseCIDR(entry);
  const address = ipaddr.process(entry);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
