import type { PayloadClass } from './rule.ts';

/** Fields marked sensitive, by the prototype of the class that declares them. */
const marked = new WeakMap<object, Set<string>>();

/**
 * The value of this field is for the task alone: it lies sealed in Redis, and is taken out of results, errors, logs and dead
 * letters. Stands beside the rule of the field; the JSON Schema says `"x-sensitive": true`.
 *
 * May be added to a field of jobs already queued: those that lie open still run.
 */
export function Sensitive(): PropertyDecorator {
  return (prototype, property) => {
    const fields = marked.get(prototype) ?? new Set();
    fields.add(String(property));
    marked.set(prototype, fields);
  };
}

/** Whether the class, or one it extends, marks the field. */
export function isSensitiveProperty(target: PayloadClass, field: string): boolean {
  let prototype: object | null = target.prototype as object;
  while (prototype !== null) {
    if (marked.get(prototype)?.has(field) === true) return true;
    prototype = Reflect.getPrototypeOf(prototype);
  }
  return false;
}
