/** What the work of a child process knows of its run. Everything here reaches the worker over IPC. */
export interface ChildContext {
  readonly jobId: string;
  readonly taskName: string;
  /** As in `TaskContext`. */
  readonly attempt: number;
  readonly isRedelivery: boolean;
  readonly correlationId: string;
  readonly fencingToken: number;
  /**
   * Aborted at the soft limit and when the job is cancelled; `reason` says which. Work that never lets go of the event loop does not
   * hear of it, and is killed when its grace is over.
   */
  readonly signal: AbortSignal;
  /** Stores how far the work is on its job, clamped to 0..100. Call it as often as you like: it is sent ten times a second at most. */
  progress(percent: number, message?: string): void;
  /** A line in the log of the worker, redacted there. What is printed to standard output goes nowhere. */
  log(level: ChildLogLevel, message: string): void;
  /** As `TaskContext.confirmOwnership`; needs the event loop. */
  confirmOwnership(): Promise<void>;
}

export type ChildLogLevel = 'debug' | 'log' | 'warn' | 'error';

/**
 * The work of a `ChildProcessTask`: the default export of a module of its own, which is loaded in the child and nowhere else.
 *
 * ```ts
 * import type { ChildWork } from '@bus/task-base';
 *
 * export default (async (params, ctx) => { … }) satisfies ChildWork<Params, Result>;
 * ```
 *
 * `params` and the result are JSON. Keep the module lean and free of decorators: each run loads it anew, and from source Node only
 * strips its types. So import types from this library and never values.
 */
export type ChildWork<P extends object = object, R = unknown> = (
  params: P,
  ctx: ChildContext,
) => Promise<R> | R;
