/** Stable codes of this library's errors. */
export type TaskErrorCode =
  | 'TASK_QUEUE_UNAVAILABLE'
  | 'TASK_QUEUE_FULL'
  | 'TASK_PARAMS_INVALID'
  | 'TASK_PARAMS_TOO_LARGE'
  | 'TASK_NOT_WRITTEN'
  | 'EMAIL_INVALID'
  | 'EMAIL_WITHOUT_RECIPIENT'
  | 'EMAIL_NOT_SENT'
  | 'MAIL_TRANSPORT_MISSING'
  | 'TASK_UNKNOWN'
  | 'TASK_JOB_UNREADABLE'
  | 'TASK_SOFT_TIME_LIMIT'
  | 'TASK_HARD_TIME_LIMIT'
  | 'TASK_MEMORY_LIMIT'
  | 'TASK_CHILD_FAILED'
  | 'TASK_OWNERSHIP_LOST'
  | 'TASK_OWNERSHIP_UNCONFIRMED'
  | 'TASK_CANCELLED'
  | 'TASK_HANDLERS_INCOMPLETE'
  | 'TASK_SEARCH_INVALID'
  | 'TASK_PARAMS_SEALED'
  | 'TASK_SEALING_UNAVAILABLE'
  | 'TASK_IDEMPOTENCY_UNAVAILABLE'
  | 'TASK_SUPERSEDED'
  | 'TASK_STEP_IN_DOUBT';

/** An error of the task queue. `isRetryable` says whether the same call may work later; decide by it and by `code`. */
export class TaskError extends Error {
  readonly code: TaskErrorCode;
  readonly isRetryable: boolean;

  constructor(code: TaskErrorCode, isRetryable: boolean, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.isRetryable = isRetryable;
  }
}

export interface ParameterProblem {
  readonly field: string;
  readonly reason: string;
}

/** Redis did not take the job in time, or refused it. Whether it was added is unknown: send it again with the same jobId. */
export class TaskQueueUnavailableError extends TaskError {
  constructor(queue: string, cause: unknown, refusal = 'did not take the job') {
    super('TASK_QUEUE_UNAVAILABLE', true, `queue '${queue}' ${refusal}; try again`, { cause });
  }
}

/** Redis has too little memory left for jobs of this queue. Nothing was added; it is there again once jobs have been done. */
export class TaskQueueFullError extends TaskError {
  constructor(queue: string, cause?: unknown) {
    super(
      'TASK_QUEUE_FULL',
      true,
      `queue '${queue}' takes no jobs while the memory of Redis is nearly used up; ` +
        'try again later, and add workers or raise maxmemory if it lasts',
      { cause },
    );
  }
}

/** The parameters do not fit the task's class. */
export class TaskParamsInvalidError extends TaskError {
  readonly problems: readonly ParameterProblem[];

  constructor(taskName: string, problems: readonly ParameterProblem[]) {
    const details = problems.map(({ field, reason }) => `${field} ${reason}`).join('; ');
    super('TASK_PARAMS_INVALID', false, `parameters of ${taskName} do not fit: ${details}`);
    this.problems = problems;
  }
}

/** The job would take more room than its queue allows. */
export class TaskParamsTooLargeError extends TaskError {
  constructor(taskName: string, bytes: number, maxBytes: number) {
    super(
      'TASK_PARAMS_TOO_LARGE',
      false,
      `parameters of ${taskName} are ${bytes} bytes, at most ${maxBytes} are allowed`,
    );
  }
}

/** The handler is there and its work is not written yet. Running it again would change nothing. */
export class TaskNotWrittenError extends TaskError {
  constructor(taskName: string) {
    super('TASK_NOT_WRITTEN', false, `${taskName} is not written yet`);
  }
}

/** A job, or a caller, names a task the catalog here does not have: a newer producer, or something that is not ours. */
export class UnknownTaskError extends TaskError {
  constructor(taskName: string, queue?: string) {
    const place = queue === undefined ? '' : ` on queue '${queue}'`;
    super('TASK_UNKNOWN', false, `no task '${taskName}'${place}; add it to the catalog or deploy the worker`);
  }
}

/** What lies in Redis under this job id is not a job of this bus. */
export class JobUnreadableError extends TaskError {
  constructor(detail: string) {
    super('TASK_JOB_UNREADABLE', false, `the stored job cannot be read: ${detail}`);
  }
}

/** `reason` of a task's signal when its soft limit has passed. */
export class TaskSoftTimeLimitError extends TaskError {
  constructor(taskName: string, limitMs: number) {
    super('TASK_SOFT_TIME_LIMIT', true, `${taskName} has passed its soft limit of ${limitMs} ms`);
  }
}

/**
 * The run was given up at its hard limit. A child process is gone by then; a handler inside the worker may still be busy in the
 * background, and `ctx.confirmOwnership` refuses it.
 */
export class TaskHardTimeLimitError extends TaskError {
  constructor(taskName: string, limitMs: number) {
    super('TASK_HARD_TIME_LIMIT', true, `${taskName} was given up at its hard limit of ${limitMs} ms`);
  }
}

/** The child of a run took more memory than its task allows and was killed. The same parameters would need as much again. */
export class TaskMemoryLimitError extends TaskError {
  constructor(taskName: string, maxMemoryMiB: number) {
    super('TASK_MEMORY_LIMIT', false, `${taskName} took more than ${maxMemoryMiB} MiB and was killed`);
  }
}

/** The child of a run ended without an answer, or with one that cannot be used. */
export class TaskChildFailedError extends TaskError {
  constructor(taskName: string, what: string) {
    super('TASK_CHILD_FAILED', true, `the child process of ${taskName} ${what}`);
  }
}

/**
 * This run does not own its job any more: its lock has passed to another worker, a limit has passed, or it was cancelled. Nothing
 * it does counts; do not commit. The job itself is taken care of.
 */
export class TaskOwnershipLostError extends TaskError {
  constructor(taskName: string, why: string, options?: ErrorOptions) {
    super(
      'TASK_OWNERSHIP_LOST',
      false,
      `this run of ${taskName} does not own its job any more: ${why}`,
      options,
    );
  }
}

/** Redis did not say who owns the job. Do not commit; a later run may. */
export class TaskOwnershipUnconfirmedError extends TaskError {
  constructor(taskName: string, cause: unknown) {
    super('TASK_OWNERSHIP_UNCONFIRMED', true, `nobody confirms that this run of ${taskName} owns its job`, {
      cause,
    });
  }
}

/** `reason` of a task's signal once its job was cancelled, and how such a run ends: not retried, not a dead letter. */
export class TaskCancelledError extends TaskError {
  constructor(taskName: string, reason: string | null) {
    super('TASK_CANCELLED', false, `${taskName} was cancelled${reason === null ? '' : `: ${reason}`}`);
  }
}

/** A worker cannot start because handlers and catalog do not match; the message names every problem. */
export class TaskHandlersIncompleteError extends TaskError {
  constructor(problems: readonly string[]) {
    super('TASK_HANDLERS_INCOMPLETE', false, `this worker cannot start:\n- ${problems.join('\n- ')}`);
  }
}

/**
 * A sealed parameter does not open in this worker: its key is gone from CHANNELS_ENCRYPTION_KEYS, or it was altered, or it
 * belongs to another job. Says nothing of its content, not even which of these.
 */
export class TaskParamsSealedError extends TaskError {
  constructor(taskName: string, field: string) {
    super('TASK_PARAMS_SEALED', false, `parameter ${field} of ${taskName} cannot be opened`);
  }
}

/** The task has sensitive parameters, and this process has no keys to seal them with: import ChannelLayerModule. */
export class TaskSealingUnavailableError extends TaskError {
  constructor(taskName: string) {
    super(
      'TASK_SEALING_UNAVAILABLE',
      false,
      `${taskName} has sensitive parameters and this process no keys to seal them; import ChannelLayerModule`,
    );
  }
}

/** The store of durable outcomes did not answer, so the task was not run, or its outcome could not be committed. */
export class IdempotencyUnavailableError extends TaskError {
  constructor(cause: unknown) {
    super('TASK_IDEMPOTENCY_UNAVAILABLE', true, 'the store of outcomes did not answer; the task runs later', {
      cause,
    });
  }
}

/** Another run has taken this piece of work over; `reason` of the run's signal then, and of its further steps. */
export class TaskSupersededError extends TaskError {
  constructor(taskName: string) {
    super('TASK_SUPERSEDED', true, `another run of ${taskName} has taken this work over`);
  }
}

/** An earlier run began a step that must not happen twice, and died before it could tell whether it happened. */
export class TaskStepInDoubtError extends TaskError {
  constructor(taskName: string, step: string) {
    super(
      'TASK_STEP_IN_DOUBT',
      false,
      `step ${step} of ${taskName} may have happened already; find out, then requeue or discard`,
    );
  }
}
