import { withoutConcealed } from './without-concealed.ts';
import { errorFields } from './error-fields.ts';
import { redact, redactText } from './redact.ts';

/** One log line before it is written. */
export interface LogLine {
  readonly text: string;
  readonly fields: Record<string, unknown>;
}

/** A device may send a message of a megabyte; a log line may not. */
const MAX_TEXT_LENGTH = 8_192;

/** Written by the root logger itself; a field of the same name would appear twice in the line. */
const RESERVED = new Set(['level', 'time', 'app', 'instance', 'msg']);

/**
 * Puts together what a logger method was given: objects and errors become fields, everything else text, the last
 * string the context (as Nest passes it). The result is free of secrets and of bounded length.
 */
export function logLine(message: unknown, rest: readonly unknown[]): LogLine {
  const raw: Record<string, unknown> = {};
  const words: string[] = [];
  const last = rest.at(-1);
  const parts = typeof last === 'string' ? rest.slice(0, -1) : rest;
  for (const part of [message, ...parts]) addPart(raw, words, part);
  if (typeof last === 'string') addTail(raw, last);
  // Nest hands over the stack of an error as a string of its own; beside the error it says nothing new.
  if (raw['err'] instanceof Error) delete raw['stack'];
  const fields = cleanFields(raw);
  return {
    text: cut(redactText(cut(withoutConcealed(words.join(' '))))) || messageOf(fields['err']),
    fields,
  };
}

function addPart(fields: Record<string, unknown>, words: string[], part: unknown): void {
  if (part instanceof Error) fields['err'] = part;
  else if (Array.isArray(part) || typeof part !== 'object' || part === null) addWords(fields, words, part);
  else
    for (const [name, value] of Object.entries(part)) fields[RESERVED.has(name) ? `${name}_` : name] = value;
}

function addWords(fields: Record<string, unknown>, words: string[], part: unknown): void {
  if (part === undefined) return;
  const text = typeof part === 'string' ? part : JSON.stringify(redact(part));
  if (isStack(text)) fields['stack'] = text;
  else words.push(text);
}

/** `logger.error(message, stack)` without a context ends with the stack. */
function addTail(fields: Record<string, unknown>, tail: string): void {
  fields[isStack(tail) ? 'stack' : 'context'] = tail;
}

function isStack(text: string): boolean {
  return /\n\s+at /.test(text);
}

function cleanFields(raw: Record<string, unknown>): Record<string, unknown> {
  const clean = redact(raw, { maxTextLength: MAX_TEXT_LENGTH });
  for (const [name, value] of Object.entries(clean)) {
    if (value instanceof Error) clean[name] = errorFields(value);
  }
  return clean;
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
}

function cut(text: string): string {
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}… (cut)` : text;
}
