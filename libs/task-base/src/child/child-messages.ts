import type { ChildContext, ChildLogLevel } from './child-work.ts';

/** What a child is told at its start. */
export interface RunOrder {
  readonly type: 'run';
  /** URL of the module that does the work. */
  readonly work: string;
  readonly params: object;
  readonly about: Pick<
    ChildContext,
    'jobId' | 'taskName' | 'attempt' | 'isRedelivery' | 'correlationId' | 'fencingToken'
  >;
  readonly maxResultBytes: number;
}

/** An error on its way through IPC, without its class. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: string | undefined;
  readonly isRetryable?: boolean | undefined;
}

export type ToChild =
  | RunOrder
  | { readonly type: 'abort'; readonly reason: SentError }
  | { readonly type: 'owned'; readonly question: number; readonly refusal?: SentError };

export type FromChild =
  | { readonly type: 'progress'; readonly percent: number; readonly message?: string | undefined }
  | { readonly type: 'log'; readonly level: ChildLogLevel; readonly message: string }
  | { readonly type: 'owned?'; readonly question: number }
  /** The result as JSON, so that its size is known and bounded before anything is sent. */
  | { readonly type: 'done'; readonly result: string }
  | { readonly type: 'failed'; readonly error: SentError };

const MAX_TEXT_LENGTH = 4_000;
const LOG_LEVELS: readonly unknown[] = ['debug', 'log', 'warn', 'error'] satisfies ChildLogLevel[];

/** Reads what a child sent, whatever it is; undefined when it is no message. Texts come out bounded. */
export function parseFromChild(sent: unknown): FromChild | undefined {
  if (typeof sent !== 'object' || sent === null) return undefined;
  const { type, percent, message, level, question, result, error } = sent as Record<string, unknown>;
  switch (type) {
    case 'progress':
      if (typeof percent !== 'number' || !Number.isFinite(percent)) return undefined;
      return { type, percent, ...(typeof message === 'string' ? { message: bounded(message) } : {}) };
    case 'log':
      if (!LOG_LEVELS.includes(level) || typeof message !== 'string') return undefined;
      return { type, level: level as ChildLogLevel, message: bounded(message) };
    case 'owned?':
      return typeof question === 'number' ? { type, question } : undefined;
    case 'done':
      return typeof result === 'string' ? { type, result } : undefined;
    case 'failed':
      return { type, error: sentError(error) };
    default:
      return undefined;
  }
}

/** Anything that was thrown, as it can be sent. */
export function sentError(thrown: unknown): SentError {
  if (typeof thrown !== 'object' || thrown === null)
    return { name: 'Error', message: bounded(String(thrown)) };
  const { name, message, stack, code, isRetryable } = thrown as Record<string, unknown>;
  return {
    name: typeof name === 'string' ? bounded(name) : 'Error',
    message: typeof message === 'string' ? bounded(message) : 'no message',
    ...(typeof stack === 'string' ? { stack: bounded(stack) } : {}),
    ...(typeof code === 'string' ? { code: bounded(code) } : {}),
    ...(typeof isRetryable === 'boolean' ? { isRetryable } : {}),
  };
}

/** A sent error as an error again: same name, message, code and stack, so that it decides retries as it would have at home. */
export function receivedError({ name, message, stack, ...rest }: SentError): Error {
  const error = Object.assign(new Error(message), rest);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

function bounded(text: string): string {
  return text.slice(0, MAX_TEXT_LENGTH);
}
