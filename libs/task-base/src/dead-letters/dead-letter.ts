/** A job that was given up, as kept for people: what it was, why it failed, and nothing secret. */
export interface DeadLetter {
  readonly queue: string;
  readonly jobId: string;
  /** As the job named it; may be no task of ours. */
  readonly taskName: string;
  /** Redacted. The job in Redis keeps the originals for as long as its queue keeps failed jobs. */
  readonly params: unknown;
  /** A stable code: `TASK_PARAMS_INVALID`, `TASK_STALLED`, `TASK_FAILED` ... */
  readonly reason: string;
  readonly detail: string;
  /** Runs that were started and did not end well. */
  readonly attempts: number;
  readonly correlationId: string | null;
  readonly failedAt: Date;
}

/** Where dead letters are kept. */
export interface DeadLetterStore {
  /**
   * Keeps a letter. Called more than once for the same failure, by several processes; (queue, jobId, failedAt) is its identity
   * and the second call must change nothing. Rejects when the letter could not be kept; it is offered again later.
   */
  record(letter: DeadLetter): Promise<void>;
}

/** Injection token of the `DeadLetterStore`. */
export const DEAD_LETTER_STORE = Symbol('DEAD_LETTER_STORE');
