import { fieldNamesOf } from '@bus/payload-schemas';
import type { PayloadClass } from '@bus/payload-schemas';

const HOUR_MS = 3_600_000;

/** How long the outcome of a task stands, by what kind of task it is. */
export const IDEMPOTENCY_TTL_MS = {
  default: HOUR_MS,
  critical: 4 * HOUR_MS,
  report: 24 * HOUR_MS,
  email: 2 * HOUR_MS,
  mutation: 6 * HOUR_MS,
  maintenance: 12 * HOUR_MS,
} as const satisfies Record<string, number>;

export type IdempotencyCategory = keyof typeof IDEMPOTENCY_TTL_MS;

/** The parameter that tells whose work it is. Two users who ask for the same share nothing. */
export const SCOPE_FIELDS = { global: undefined, user: 'user_id', tenant: 'tenant_id' } as const;

export type IdempotencyScope = keyof typeof SCOPE_FIELDS;

/** The scopes whose field the parameters have. */
type ScopeOf<P extends object> =
  'global' | ('user_id' extends keyof P ? 'user' : never) | ('tenant_id' extends keyof P ? 'tenant' : never);

/** What makes two enqueues of a task the same piece of work, and how long its outcome stands. */
export interface IdempotencyRule<P extends object = object> {
  readonly scope: IdempotencyScope;
  readonly category: IdempotencyCategory;
  /** The outcome is kept in Postgres and survives the loss of Redis; without Postgres the task does not run. */
  readonly durable: boolean;
  /** From the moment the outcome is known, in milliseconds. */
  readonly ttlMs: number;
  /** The part of the parameters that counts. */
  key?(params: P): unknown;
}

/** The rule as a catalog entry says it. */
export interface IdempotencySpecification<P extends object> {
  readonly scope: ScopeOf<P>;
  readonly category: IdempotencyCategory;
  /** @default false */
  readonly durable?: boolean;
  /** @default the time of the category */
  readonly ttlMs?: number;
  /** @default all parameters */
  key?(params: P): unknown;
}

/**
 * Completes and checks a rule.
 *
 * @throws RangeError when the parameters lack the field of the scope, or the time is no whole number of milliseconds
 */
export function completeRule<P extends object>(
  taskName: string,
  params: PayloadClass<P>,
  rule: IdempotencySpecification<P> | IdempotencyRule<P>,
): IdempotencyRule<P> {
  const complete = { durable: false, ttlMs: IDEMPOTENCY_TTL_MS[rule.category], ...rule };
  const field = SCOPE_FIELDS[complete.scope];
  if (field !== undefined && !fieldNamesOf(params).includes(field)) {
    throw new RangeError(`${taskName}: scope '${complete.scope}' needs the parameter ${field}`);
  }
  if (!Number.isInteger(complete.ttlMs) || complete.ttlMs <= 0) {
    throw new RangeError(`${taskName}: the time an outcome stands is a whole number of milliseconds above 0`);
  }
  return Object.freeze(complete);
}
