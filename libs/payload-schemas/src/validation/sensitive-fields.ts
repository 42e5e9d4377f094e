import type { PayloadClass } from '../rules/rule.ts';
import { isPlainObject } from '../rules/rules.ts';
import { classPlan } from './class-plan.ts';

/** Gives what stands in the place of a sensitive value. `path` is spelt as in a refusal: `card.number`, `people[3].email`. */
export type ReplaceSensitive = (value: unknown, path: string) => unknown;

/** Whether the class, or a class nested in it, has a field marked `@Sensitive()`. */
export function hasSensitiveFields(target: PayloadClass): boolean {
  return classPlan(target).hasSensitiveFields;
}

/**
 * A copy of the message with every sensitive value replaced, at any depth; the message itself when its class has none.
 * Missing and null fields stay as they are. Takes any message, whether or not it fits its class, and never changes it.
 */
export function mapSensitive<T extends object>(
  target: PayloadClass,
  message: T,
  replace: ReplaceSensitive,
): T {
  return copyOf(target, message as Record<string, unknown>, replace, '') as T;
}

function copyOf(
  target: PayloadClass,
  message: Record<string, unknown>,
  replace: ReplaceSensitive,
  path: string,
): Record<string, unknown> {
  if (!hasSensitiveFields(target)) return message;
  const copy = { ...message };
  for (const { name, isSensitive, nested } of classPlan(target).fields) {
    const value = message[name];
    if (value === undefined || value === null) continue;
    if (isSensitive) copy[name] = replace(value, path + name);
    else if (nested !== undefined) copy[name] = copyOfNested(nested.of(), value, replace, path + name);
  }
  return copy;
}

function copyOfNested(
  target: PayloadClass,
  value: unknown,
  replace: ReplaceSensitive,
  path: string,
): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => copyOfNested(target, item, replace, `${path}[${index}]`));
  }
  return isPlainObject(value) ? copyOf(target, value, replace, `${path}.`) : value;
}
