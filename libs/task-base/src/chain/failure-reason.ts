import { redactText } from '@bus/observability';

/** The code of a failure without one of its own. */
export const UNCODED_FAILURE = 'TASK_FAILED';

const MAX_DETAIL_LENGTH = 1_000;
const CODED = /^([A-Z][A-Z0-9_]{2,63}): ([\s\S]*)$/;

/** A failure as one line for Redis: its code, then what happened, without secrets. */
export function describeFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${codeOf(error) ?? UNCODED_FAILURE}: ${redactText(message).slice(0, MAX_DETAIL_LENGTH)}`;
}

/** Takes such a line apart again. Lines of another origin are all detail. */
export function readFailure(line: string): { reason: string; detail: string } {
  const [, reason, detail] = CODED.exec(line) ?? [];
  if (reason === undefined || detail === undefined) {
    return { reason: UNCODED_FAILURE, detail: redactText(line).slice(0, MAX_DETAIL_LENGTH) };
  }
  return { reason, detail };
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(error.code) ? error.code : undefined;
}
