import type { JsonSchema, PayloadClass } from './rule.ts';

/** A rule over several fields of one message. */
export interface ClassRule {
  /** The field named in a refusal. */
  readonly field: string;
  /** Completes "must be …". */
  readonly allowed: string;
  readonly schema: JsonSchema;
  readonly isValid: (plain: Record<string, unknown>) => boolean;
}

const classRules = new WeakMap<PayloadClass, ClassRule>();

/** Adds a rule over the whole message to a class; it is checked when every field has passed. */
export function WholeMessage(rule: ClassRule): (target: PayloadClass) => void {
  return (target) => {
    classRules.set(target, rule);
  };
}

export function classRuleOf(target: PayloadClass): ClassRule | undefined {
  return classRules.get(target);
}

/** At least one of the named optional fields must be there and not null. */
export function AtLeastOne(...fields: string[]): (target: PayloadClass) => void {
  return WholeMessage({
    field: fields.join(' | '),
    allowed: `present: at least one of ${fields.join(', ')}`,
    schema: {
      anyOf: fields.map((field) => ({
        required: [field],
        properties: { [field]: { not: { type: 'null' } } },
      })),
    },
    isValid: (plain) => fields.some((field) => plain[field] !== undefined && plain[field] !== null),
  });
}
