import { IsOptional, ValidateBy } from 'class-validator';

/** A piece of JSON Schema (draft 07). */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** A class that describes one message. It is never instantiated with wire data; it only carries the rules. */
export type PayloadClass<T extends object = object> = new () => T;

/** What one field must satisfy: the check, the same thing as JSON Schema, and the sentence a device is told. */
export interface Rule {
  /** Completes "must be …", and names what is allowed with its unit. */
  readonly allowed: string;
  readonly schema: () => JsonSchema;
  readonly isValid: (value: unknown) => boolean;
  /** The class of the value, or of each item of the list, when the field holds further fields. */
  readonly nested?: { readonly of: () => PayloadClass; readonly list: boolean };
}

export interface RuleOptions {
  /** The field may be missing, or null (older devices write null for "not measured"). Default false. */
  readonly optional?: boolean;
}

/** The name under which every rule is registered with class-validator; the schema converter looks for it. */
export const RULE = 'rule';

/**
 * Registers a rule as one class-validator constraint, so that the check, the schema and the message of a field
 * come from one place and cannot drift apart.
 */
export function applyRule(rule: Rule, options: RuleOptions = {}): PropertyDecorator {
  const optional = options.optional === true;
  const validate = ValidateBy({
    name: RULE,
    constraints: [{ rule, optional }],
    validator: {
      validate: (value) => rule.isValid(value),
      defaultMessage: () => `must be ${rule.allowed}`,
    },
  });
  return (target, property) => {
    validate(target, property);
    if (optional) IsOptional()(target, property);
  };
}

/** The schema of a field, null included when the field is optional. */
export function ruleSchema(rule: Rule, optional: boolean): JsonSchema {
  return optional ? { anyOf: [rule.schema(), { type: 'null' }] } : rule.schema();
}
