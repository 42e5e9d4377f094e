/** What the gateway saw of its own address in a request. */
export interface RequestTarget {
  /** The `Host` header. */
  readonly host: string | undefined;
  /** TLS up to a trusted proxy that says so; the gateway itself speaks plain HTTP. */
  readonly isSecure: boolean;
}

/** In the list of origins: any page. */
export const ANY_ORIGIN = '*';

export type OriginVerdict = 'allowed' | 'missing' | 'refused';

/**
 * Which pages may open a socket here. An Origin is compared as a whole and byte for byte: no patterns, no suffixes, no
 * case folding. `null` (a sandboxed frame, a file) is never allowed.
 */
export class OriginPolicy {
  private readonly listed: ReadonlySet<string>;
  private readonly allowsEverybody: boolean;

  /**
   * @param allowedOrigins the list; `*` stands for every origin but `null` and is refused in production
   * @param allowOwnPages pages served by this gateway are allowed too
   */
  constructor(
    allowedOrigins: readonly string[],
    private readonly allowOwnPages: boolean,
  ) {
    this.listed = new Set(allowedOrigins);
    this.allowsEverybody = this.listed.has(ANY_ORIGIN);
  }

  check(origin: string | undefined, target: RequestTarget): OriginVerdict {
    if (origin === undefined) return 'missing';
    if (origin !== ANY_ORIGIN && this.listed.has(origin)) return 'allowed';
    if (this.allowsEverybody && isSerializedOrigin(origin)) return 'allowed';
    return this.allowOwnPages && isSameOrigin(origin, target) ? 'allowed' : 'refused';
  }
}

/** Whether a page of this very gateway sent the request. */
export function isSameOrigin(origin: string, { host, isSecure }: RequestTarget): boolean {
  return host !== undefined && origin === `${isSecure ? 'https' : 'http'}://${host.toLowerCase()}`;
}

/** Whether a setting is an origin as a browser writes it: scheme, host, port if unusual, nothing else. */
export function isSerializedOrigin(text: string): boolean {
  try {
    const { protocol, origin } = new URL(text);
    // A star would be a valid host name, but whoever writes one means a pattern, and there are none.
    return (protocol === 'https:' || protocol === 'http:') && origin === text && !text.includes('*');
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
