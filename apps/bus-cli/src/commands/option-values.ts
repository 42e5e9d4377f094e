import { InvalidArgumentError } from 'commander';
import { UsageError } from '../cli.errors.ts';

const MOST_PATH_STEPS = 6;
const YEAR_SECONDS = 366 * 86_400;

/** For `--param a=1 --param b=2`. Its errors do not repeat the value, which may be a secret. */
export function collectParam(text: string, earlier: Record<string, string> = {}): Record<string, string> {
  const separator = text.indexOf('=');
  const path = text.slice(0, Math.max(0, separator));
  const steps = path.split('.');
  if (steps.includes('')) throw new UsageError('--param must be field=value or field.field=value.');
  if (steps.length > MOST_PATH_STEPS)
    throw new UsageError(`The path of a --param has at most ${MOST_PATH_STEPS} steps.`);
  return { ...earlier, [path]: text.slice(separator + 1) };
}

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 1_000_000) {
    throw new InvalidArgumentError('It must be a whole number from 1 to 1000000.');
  }
  return number;
}

export function time(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('It must be a time such as 2026-03-01T12:00:00Z.');
  return at;
}

/** 'none' takes away what was set. Not null, which commander would take for an option without a value. */
export function timeOrNone(text: string): Date | 'none' {
  return text === 'none' ? text : time(text);
}

const SECONDS_IN = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Seconds, also written as 90s, 5m, 2h or 1d. */
export function timeSpan(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text);
  const seconds = Number(match?.[1]) * SECONDS_IN[(match?.[2] ?? '') as keyof typeof SECONDS_IN];
  if (match === null || seconds > YEAR_SECONDS)
    throw new InvalidArgumentError('It must be a time such as 30, 30s, 5m, 2h or 1d, at most a year.');
  return seconds;
}
