import { getMetadataStorage, ValidationTypes } from 'class-validator';
import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import { classRuleOf } from '../rules/class-rule.ts';
import type { ClassRule } from '../rules/class-rule.ts';
import type { PayloadClass, Rule } from '../rules/rule.ts';
import { isSensitiveProperty } from '../rules/sensitive.ts';
import type { Problem } from './payload-guards.ts';

/** At most this many problems are reported: a device can fix them in turns, and an answer must stay small. */
const MAX_PROBLEMS = 10;

interface Check {
  readonly constraint: ValidatorConstraintInterface;
  readonly each: boolean;
  readonly args: Omit<ValidationArguments, 'object' | 'value'>;
  readonly rule: Rule | undefined;
}

interface FieldPlan {
  readonly name: string;
  /** Its value is repeated nowhere, not even in a refusal. */
  readonly isSensitive: boolean;
  /** The class of what the field holds, or of each item of its list. */
  nested?: Rule['nested'];
  readonly conditions: ((object: object, value: unknown) => boolean)[];
  readonly checks: Check[];
}

const plans = new WeakMap<PayloadClass, ClassPlan>();

/** The prepared checks of a class, made once from what its decorators registered with class-validator. */
export function classPlan(target: PayloadClass): ClassPlan {
  let plan = plans.get(target);
  if (plan === undefined) {
    plan = new ClassPlan(target);
    plans.set(target, plan);
  }
  return plan;
}

/** The fields a class has rules for, those of the classes it extends included. */
export function fieldNamesOf(target: PayloadClass): string[] {
  return classPlan(target).fields.map(({ name }) => name);
}

/**
 * Runs the class-validator constraints of one class over a plain object. class-validator's own executor looks every
 * rule up again and builds an error tree for each field, for every message; at thousands of messages a second that is
 * most of the time spent. The constraints, their order and their meaning are class-validator's.
 */
export class ClassPlan {
  readonly fields: readonly FieldPlan[];
  private readonly wholeMessage: ClassRule | undefined;

  constructor(target: PayloadClass) {
    this.fields = readFields(target);
    this.wholeMessage = classRuleOf(target);
    if (this.fields.length === 0 && this.wholeMessage === undefined && target.length > 0) {
      throw new TypeError(`${target.name} carries no rules; decorate its fields`);
    }
  }

  private sensitive: boolean | undefined;

  /** Whether a field here or in a nested class is marked sensitive. */
  get hasSensitiveFields(): boolean {
    // Found at first use: while this plan is made, the classes it nests may not exist yet.
    this.sensitive ??= this.fields.some(
      ({ isSensitive, nested }) =>
        isSensitive || (nested !== undefined && classPlan(nested.of()).hasSensitiveFields),
    );
    return this.sensitive;
  }

  /** Whether the object passes, without saying why. */
  accepts(plain: Record<string, unknown>): boolean {
    for (const field of this.fields) {
      if (this.firstFailure(field, plain) !== undefined) return false;
    }
    return this.wholeMessage?.isValid(plain) ?? true;
  }

  /** Adds what is wrong with the object, one problem per field, at most ten in all. */
  collectProblems(
    plain: Record<string, unknown>,
    path: string,
    problems: Problem[],
    isWithinSensitive = false,
  ): void {
    const before = problems.length;
    for (const field of this.fields) {
      if (problems.length >= MAX_PROBLEMS) return;
      const failed = this.firstFailure(field, plain);
      if (failed !== undefined) {
        explain(failed, plain, field.name, path, problems, isWithinSensitive || field.isSensitive);
      }
    }
    if (problems.length === before && this.wholeMessage !== undefined && !this.wholeMessage.isValid(plain)) {
      const { field, allowed } = this.wholeMessage;
      problems.push({ field: path + field, reason: `must be ${allowed}`, kind: 'schema' });
    }
  }

  private firstFailure(field: FieldPlan, plain: Record<string, unknown>): Check | undefined {
    const value = plain[field.name];
    for (const condition of field.conditions) {
      if (!condition(plain, value)) return undefined;
    }
    for (const check of field.checks) {
      if (!passes(check, plain, value)) return check;
    }
    return undefined;
  }
}

function passes(check: Check, object: object, value: unknown): boolean {
  if (check.rule !== undefined) return check.rule.isValid(value);
  const args = { ...check.args, object, value };
  const items: readonly unknown[] = check.each && Array.isArray(value) ? value : [value];
  return items.every((item) => check.constraint.validate(item, args) === true);
}

function explain(
  check: Check,
  plain: Record<string, unknown>,
  name: string,
  path: string,
  problems: Problem[],
  isSensitive: boolean,
): void {
  const value = plain[name];
  const nested = check.rule?.nested;
  const before = problems.length;
  if (nested !== undefined) {
    const items: readonly unknown[] = nested.list ? (Array.isArray(value) ? value : []) : [value];
    items.forEach((item, index) => {
      if (typeof item !== 'object' || item === null || Array.isArray(item) || problems.length >= MAX_PROBLEMS)
        return;
      const itemPath = nested.list ? `${path}${name}[${index}].` : `${path}${name}.`;
      classPlan(nested.of()).collectProblems(
        item as Record<string, unknown>,
        itemPath,
        problems,
        isSensitive,
      );
    });
  }
  if (problems.length > before) return;
  const args = { ...check.args, object: plain, value };
  const message = check.constraint.defaultMessage?.(args) ?? 'is not valid';
  const isMissing = value === undefined || value === null;
  problems.push({
    field: path + name,
    reason: isMissing
      ? `is missing; it ${message}`
      : `${message}, not ${isSensitive ? 'what was given' : describe(value)}`,
    kind: 'schema',
  });
}

/** Says what a value is without repeating a stranger's text. */
function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
}

function readFields(target: PayloadClass): FieldPlan[] {
  const storage = getMetadataStorage();
  const fields = new Map<string, FieldPlan>();
  for (const metadata of storage.getTargetValidationMetadatas(target, '', false, false)) {
    const field = fields.get(metadata.propertyName) ?? {
      name: metadata.propertyName,
      isSensitive: isSensitiveProperty(target, metadata.propertyName),
      conditions: [],
      checks: [],
    };
    fields.set(metadata.propertyName, field);
    const constraints: unknown[] = metadata.constraints ?? [];
    if (metadata.type === ValidationTypes.CONDITIONAL_VALIDATION) {
      field.conditions.push(constraints[0] as FieldPlan['conditions'][number]);
      continue;
    }
    if (metadata.type === ValidationTypes.WHITELIST) continue;
    const [constraint] = metadata.constraintCls
      ? storage.getTargetValidatorConstraints(metadata.constraintCls)
      : [];
    if (constraint === undefined || constraint.async) {
      throw new TypeError(
        `${target.name}.${metadata.propertyName}: only synchronous constraints are possible here; nest a class with @Nested or @ListOf`,
      );
    }
    const rule = (constraints[0] as { rule?: Rule } | undefined)?.rule;
    if (rule?.nested !== undefined) field.nested = rule.nested;
    field.checks.push({
      constraint: constraint.instance,
      each: metadata.each,
      args: { targetName: target.name, property: metadata.propertyName, constraints },
      rule,
    });
  }
  return [...fields.values()];
}
