import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.process>;
type Range = [Address, number];

/** A list of addresses and CIDR ranges, IPv4 and IPv6. */
export class AddressRanges {
  readonly #ranges: readonly Range[];

  /** @throws RangeError with the position of an entry that is neither an address nor a range. */
  constructor(entries: readonly string[]) {
    this.#ranges = entries.map((entry, index) => {
      const range = parseRange(entry);
      if (range === undefined)
        throw new RangeError(`Entry ${index + 1} is neither an IP address nor a CIDR range.`);
      return range;
    });
  }

  static isRange(entry: string): boolean {
    return parseRange(entry) !== undefined;
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  /** Whether the address is in one of the ranges. What is no address is in none. */
  includes(address: string | undefined): boolean {
    const parsed = parseAddress(address);
    if (parsed === undefined) return false;
    return this.#ranges.some(([range, bits]) => range.kind() === parsed.kind() && parsed.match(range, bits));
  }
}

/**
 * The address a request came from. Each proxy appends to `X-Forwarded-For` whom it heard, so the list is read from its
 * end, and only as far as the trusted proxies reach: what lies before was written by the asker itself.
 */
export function clientAddress(
  remoteAddress: string | undefined,
  forwardedFor: string | undefined,
  trusted: AddressRanges,
): string | undefined {
  const hops = (forwardedFor ?? '').split(',').map((hop) => hop.trim());
  let address = remoteAddress;
  while (trusted.includes(address)) {
    const hop = hops.pop();
    if (hop === undefined || hop === '') return address;
    address = hop;
  }
  return address;
}

function parseRange(entry: string): Range | undefined {
  const [text, bits, ...rest] = entry.split('/');
  const address = parseAddress(text);
  if (address === undefined || rest.length > 0) return undefined;
  const mostBits = address.kind() === 'ipv4' ? 32 : 128;
  if (bits === undefined) return [address, mostBits];
  return /^\d{1,3}$/.test(bits) && Number(bits) <= mostBits ? [address, Number(bits)] : undefined;
}

/** IPv4 written as IPv6 (`::ffff:10.0.0.1`, as sockets report it) is IPv4. */
function parseAddress(text: string | undefined): Address | undefined {
  // Short and octal forms such as "10.1" and "010.0.0.1" have two readings, so they are no address here.
  if (text === undefined || !(ipaddr.IPv6.isValid(text) || ipaddr.IPv4.isValidFourPartDecimal(text)))
    return undefined;
  return ipaddr.process(text);
}
