import { TIMESTAMP_PATTERN, parseDeviceTime } from '../time/device-time.ts';
import { jsonSchemaOf } from '../validation/json-schema.ts';
import { classPlan } from '../validation/class-plan.ts';
import { applyRule } from './rule.ts';
import type { PayloadClass, RuleOptions } from './rule.ts';

const isFiniteNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);

export const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A finite number within the bounds, both included. */
export function NumberFrom(min: number, max: number, unit: string, options?: RuleOptions): PropertyDecorator {
  return applyRule(
    {
      allowed: `a number from ${min} to ${max} (${unit})`,
      schema: () => ({ type: 'number', minimum: min, maximum: max }),
      isValid: (value) => isFiniteNumber(value) && value >= min && value <= max,
    },
    options,
  );
}

/** A whole number within the bounds, both included. */
export function IntegerFrom(min: number, max: number, options?: RuleOptions): PropertyDecorator {
  return applyRule(
    {
      allowed: `a whole number from ${min} to ${max}`,
      schema: () => ({ type: 'integer', minimum: min, maximum: max }),
      isValid: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
    },
    options,
  );
}

/** The largest id a Postgres integer column can hold. */
const MAX_ID = 2_147_483_647;

const MAX_ALERT_ID = Number.MAX_SAFE_INTEGER;

/** An id as the platform hands them out: a whole number from 1. */
export function Id(options?: RuleOptions): PropertyDecorator {
  return IntegerFrom(1, MAX_ID, options);
}

/** The id of an alert: derived, not counted, so larger than other ids; a whole number from 1 that JSON carries exactly. */
export function AlertId(options?: RuleOptions): PropertyDecorator {
  return IntegerFrom(1, MAX_ALERT_ID, options);
}

export function Flag(options?: RuleOptions): PropertyDecorator {
  return applyRule(
    {
      allowed: 'true or false',
      schema: () => ({ type: 'boolean' }),
      isValid: (value) => typeof value === 'boolean',
    },
    options,
  );
}

/**
 * Any text, counted in Unicode code points. Control characters are data and are kept; whoever shows the text must
 * treat it as text.
 */
export function Text(maxLength: number, options?: RuleOptions & { minLength?: number }): PropertyDecorator {
  const minLength = options?.minLength ?? 1;
  return applyRule(
    {
      allowed: `text of ${minLength} to ${maxLength} characters`,
      schema: () => ({ type: 'string', minLength, maxLength }),
      isValid: (value) => typeof value === 'string' && hasLength(value, minLength, maxLength),
    },
    options,
  );
}

function hasLength(text: string, minLength: number, maxLength: number): boolean {
  // A code point takes one or two units, so only a text in between needs counting.
  if (text.length <= maxLength && text.length >= minLength * 2) return true;
  if (text.length > maxLength * 2) return false;
  let count = 0;
  for (const _ of text) count += 1;
  return count >= minLength && count <= maxLength;
}

/** Text of a fixed form, such as a topic segment. `allowed` completes "must be …". */
export function Matching(pattern: RegExp, allowed: string, options?: RuleOptions): PropertyDecorator {
  return applyRule(
    {
      allowed,
      schema: () => ({ type: 'string', pattern: pattern.source }),
      isValid: (value) => typeof value === 'string' && pattern.test(value),
    },
    options,
  );
}

/** One of a fixed list of words. */
export function OneOf(choices: readonly string[], options?: RuleOptions): PropertyDecorator {
  const allowedChoices = new Set<unknown>(choices);
  return applyRule(
    {
      allowed: `one of ${choices.join(', ')}`,
      schema: () => ({ type: 'string', enum: [...choices] }),
      isValid: (value) => allowedChoices.has(value),
    },
    options,
  );
}

/** A time as devices write it: ISO 8601 with date and time (UTC when it names no zone), or epoch seconds or milliseconds. */
export function DeviceTime(options?: RuleOptions): PropertyDecorator {
  return applyRule(
    {
      allowed: 'a time: ISO 8601 with date and time, or epoch seconds or milliseconds',
      schema: () => ({ anyOf: [{ type: 'number' }, { type: 'string', pattern: TIMESTAMP_PATTERN.source }] }),
      isValid: (value) => parseDeviceTime(value) !== null,
    },
    options,
  );
}

const WIRE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** A time as the bus itself writes it: ISO 8601 in UTC with milliseconds, as `Date.toISOString()` gives it. */
export function WireTime(options?: RuleOptions): PropertyDecorator {
  return Matching(WIRE_TIME, 'an ISO 8601 time in UTC with milliseconds', options);
}

/** A JSON object of any content. Its size is bounded by the limits of the whole message. */
export function JsonObject(options?: RuleOptions): PropertyDecorator {
  return applyRule(
    { allowed: 'a JSON object', schema: () => ({ type: 'object' }), isValid: isPlainObject },
    options,
  );
}

/** Any JSON value. Its size is bounded by the limits of the whole message. */
export function JsonValue(): PropertyDecorator {
  return applyRule(
    { allowed: 'a JSON value', schema: () => ({}), isValid: (value) => value !== undefined },
    { optional: true },
  );
}

/** An object whose every value is a finite number, at most `maxEntries` of them. */
export function NumberRecord(maxEntries: number): PropertyDecorator {
  return applyRule({
    allowed: `an object of at most ${maxEntries} numbers`,
    schema: () => ({ type: 'object', additionalProperties: { type: 'number' }, maxProperties: maxEntries }),
    isValid: (value) => {
      if (!isPlainObject(value)) return false;
      const numbers = Object.values(value);
      return numbers.length <= maxEntries && numbers.every(isFiniteNumber);
    },
  });
}

/** An object with the fields of another class. */
export function Nested(of: () => PayloadClass, options?: RuleOptions): PropertyDecorator {
  return applyRule(
    {
      allowed: 'a JSON object',
      schema: () => jsonSchemaOf(of()),
      isValid: (value) => isPlainObject(value) && classPlan(of()).accepts(value),
      nested: { of, list: false },
    },
    options,
  );
}

/** A list of objects of one class. */
export function ListOf(of: () => PayloadClass, min: number, max: number): PropertyDecorator {
  return applyRule({
    allowed: `a list of ${min} to ${max} objects`,
    schema: () => ({ type: 'array', items: jsonSchemaOf(of()), minItems: min, maxItems: max }),
    isValid: (value) =>
      Array.isArray(value) &&
      value.length >= min &&
      value.length <= max &&
      value.every((item) => isPlainObject(item) && classPlan(of()).accepts(item)),
    nested: { of, list: true },
  });
}
