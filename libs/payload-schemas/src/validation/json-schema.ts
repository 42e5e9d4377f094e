import { ValidationTypes } from 'class-validator';
import { targetConstructorToSchema } from 'class-validator-jsonschema';
import { classRuleOf } from '../rules/class-rule.ts';
import { RULE, ruleSchema } from '../rules/rule.ts';
import type { JsonSchema, PayloadClass, Rule } from '../rules/rule.ts';
import { isSensitiveProperty } from '../rules/sensitive.ts';

/**
 * The JSON Schema (draft 07) of a class, derived from the same rules that `validatePayload` runs. Nested classes are
 * written out in place. Unknown fields are allowed, as on the wire. The limits on the whole message (depth, number of
 * fields) are not part of it: JSON Schema cannot say them.
 */
export function jsonSchemaOf(target: PayloadClass): JsonSchema {
  const schema = targetConstructorToSchema(target, {
    additionalConverters: {
      [RULE]: (metadata) => {
        const [{ rule, optional }] = metadata.constraints as [{ rule: Rule; optional: boolean }];
        return ruleSchema(rule, optional);
      },
      [ValidationTypes.CONDITIONAL_VALIDATION]: {},
    },
  });
  const marked = schema.properties && { properties: markSensitive(target, schema.properties) };
  return { type: 'object', title: target.name, ...schema, ...marked, ...classRuleOf(target)?.schema };
}

function markSensitive(target: PayloadClass, properties: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [
      name,
      isSensitiveProperty(target, name) ? { ...(field as object), 'x-sensitive': true } : (field as unknown),
    ]),
  );
}
