/**
 * Why something is refused, as the number that goes over the wire: 4000 + the HTTP status of the same meaning, so
 * one number means the same in a `connect_error`, in an acknowledgement and in an HTTP body.
 */
export const REFUSAL = {
  /** The request itself is wrong; sending it again changes nothing. */
  malformed: 4400,
  /** Who asks is not known: no credential, or one that is expired, revoked, forged or bound to another device. */
  unauthenticated: 4401,
  /** Known, but not allowed; or the Origin is not on the list. */
  forbidden: 4403,
  /** There is no such thing, or it belongs to somebody else: never told apart. */
  notFound: 4404,
  /** Somebody else was faster; look at the current state first. */
  conflict: 4409,
  tooLarge: 4413,
  unsupportedMediaType: 4415,
  /** Too many messages, connections or attempts; wait and try again. */
  tooMany: 4429,
  /** A fault of the gateway. */
  internal: 4500,
  /** A backend is away or the gateway is about to stop; try again. */
  unavailable: 4503,
} as const;

export type RefusalKind = keyof typeof REFUSAL;
export type RefusalCode = (typeof REFUSAL)[RefusalKind];

/** What a client is told. `field` names the wrong part of a malformed request. */
export interface RefusalBody {
  readonly code: RefusalCode;
  readonly reason: string;
  readonly field?: string | undefined;
  readonly retry_after_seconds?: number | undefined;
}

export interface RefusalDetails {
  field?: string;
  retryAfterSeconds?: number;
  cause?: unknown;
}

/**
 * An expected "no". Thrown anywhere below a door (handshake, socket event, HTTP route); the door turns it into the form
 * of that door. `reason` is read by people outside: it never holds a credential, an internal name or another tenant's data.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly field: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly kind: RefusalKind,
    readonly reason: string,
    { field, retryAfterSeconds, cause }: RefusalDetails = {},
  ) {
    super(reason, cause === undefined ? undefined : { cause });
    this.code = REFUSAL[kind];
    this.field = field;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  get httpStatus(): number {
    return this.code - 4000;
  }

  /** Whether it is on our side, so that somebody has to look at its cause. What visitors do wrong is not logged line by line. */
  get isOurs(): boolean {
    return this.code >= REFUSAL.internal;
  }

  get body(): RefusalBody {
    return {
      code: this.code,
      reason: this.reason,
      field: this.field,
      retry_after_seconds: this.retryAfterSeconds,
    };
  }
}

export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && error.name === 'Refusal' && 'kind' in error;
}
