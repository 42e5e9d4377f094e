import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../cli.errors.ts';
import { collectParam } from './option-values.ts';

/** Parameters of a task as they are written on the command line. */
export interface ParamsOptions {
  readonly params?: string;
  readonly param?: Readonly<Record<string, string>>;
}

export function addParamsOptions(command: Command): Command {
  return command
    .option('--params <json>', 'all parameters as a JSON object; - reads it from standard input')
    .option('-p, --param <field=value>', 'one parameter, JSON or text; may be repeated', collectParam);
}

/** The parameters: those of --params, else `base`, with each --param put in. Undefined when neither option was given. */
export function givenParams(
  { params, param }: ParamsOptions,
  base: unknown = {},
): Record<string, unknown> | undefined {
  if (params === undefined && param === undefined) return undefined;
  const whole =
    params === undefined
      ? objectOf(structuredClone(base))
      : jsonObject(params === '-' ? readFileSync(0, 'utf8') : params);
  for (const [path, text] of Object.entries(param ?? {})) setAt(whole, path.split('.'), jsonOrText(text));
  return whole;
}

function jsonObject(text: string): Record<string, unknown> {
  const value = jsonOrText(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError('--params must be a JSON object.', `such as '{"field": "value"}'`);
  }
  return value as Record<string, unknown>;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function setAt(
  target: Record<string, unknown>,
  [step = '', ...rest]: readonly string[],
  value: unknown,
): void {
  if (step === '__proto__') throw new UsageError(`'${step}' is no field.`);
  if (rest.length === 0) {
    target[step] = value;
    return;
  }
  const next = objectOf(Object.hasOwn(target, step) ? target[step] : undefined);
  target[step] = next;
  setAt(next, rest, value);
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
