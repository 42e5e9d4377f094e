import type { PayloadClass } from '../rules/rule.ts';
import { classPlan } from './class-plan.ts';
import { PAYLOAD_LIMITS } from './message-limits.ts';
import type { MessageLimits } from './message-limits.ts';
import { boundedCopy, inspect } from './payload-guards.ts';
import type { Problem } from './payload-guards.ts';

/** What `validatePayload` answers. `problems` is never empty and names at most ten fields. */
export type Validation<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

/** A class may widen the limits for its messages with `static readonly limits`. */
interface LimitedClass {
  readonly limits?: MessageLimits;
}

/**
 * Checks a parsed JSON value against a class. Synchronous, never throws on any input, changes nothing, converts
 * nothing: the text "5" is not the number 5. First the limits of the whole message (depth, number of fields, length of
 * text, field names that reach into prototypes, numbers that are not finite), then every field.
 *
 * `value` is the message itself, unknown fields included. Only when some text holds a NUL or half a surrogate pair is it a
 * repaired copy, because no text or jsonb column can hold those: NUL is then shown as ␀ and half a pair as �.
 */
export function validatePayload<T extends object>(target: PayloadClass<T>, plain: unknown): Validation<T> {
  const limits = (target as LimitedClass).limits ?? PAYLOAD_LIMITS;
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
    return refused({ field: '(message)', reason: 'must be a JSON object', kind: 'schema' });
  }
  const inspection = inspect(plain, limits);
  if (inspection.problem !== null) return refused(inspection.problem);
  const value = inspection.hasUnstorableText ? boundedCopy(plain, limits).value : plain;
  const plan = classPlan(target);
  if (plan.accepts(value as Record<string, unknown>)) return { ok: true, value: value as T };
  const problems: Problem[] = [];
  plan.collectProblems(value as Record<string, unknown>, '', problems);
  return { ok: false, problems };
}

function refused(problem: Problem): { ok: false; problems: readonly Problem[] } {
  return { ok: false, problems: [problem] };
}
