import { redactText } from '@bus/observability';

/** The code of a failure without one of its own. */
export const UNCODED_FAILURE = 'TASK_FAILED';

const MAX_DETAIL_LENGTH = 1_000;

/** Patterns are looked for in this much of a message: enough for any detail, and a message may be a megabyte. */
const MAX_READ_LENGTH = 65_536;
const CODED = /^([A-Z][A-Z0-9_]{2,63}): ([\s\S]*)$/;

/** A failure as one line for Redis: its code, then what happened, without secrets. */
export function describeFailure(error: unknown): string {
  return `${codeOf(error) ?? UNCODED_FAILURE}: ${cleanText(messageOf(error)).slice(0, MAX_DETAIL_LENGTH)}`;
}

/** A text of a failure without secrets, whatever its length. */
export function cleanText(text: string): string {
  return redactText(text.length > MAX_READ_LENGTH ? text.slice(0, MAX_READ_LENGTH) : text);
}

/** Takes such a line apart again. Lines of another origin are all detail. */
export function readFailure(line: string): { reason: string; detail: string } {
  const [, reason, detail] = CODED.exec(line) ?? [];
  if (reason === undefined || detail === undefined) {
    return { reason: UNCODED_FAILURE, detail: cleanText(line).slice(0, MAX_DETAIL_LENGTH) };
  }
  return { reason, detail };
}

/** Anything can be thrown, also what cannot be written as text. */
function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return 'something that has no text';
  }
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(error.code) ? error.code : undefined;
}
