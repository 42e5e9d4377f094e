export type ScheduleErrorCode =
  'SCHEDULE_INVALID' | 'SCHEDULE_NAME_TAKEN' | 'SCHEDULE_NOT_FOUND' | 'SCHEDULE_CHANGED';

/** An error of working with schedules. The message is for the person who asked; decide by `code`. */
export class ScheduleError extends Error {
  readonly code: ScheduleErrorCode;
  readonly isRetryable: boolean;

  constructor(code: ScheduleErrorCode, isRetryable: boolean, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.isRetryable = isRetryable;
  }
}

/** One field that cannot work, and why. */
export interface ScheduleProblem {
  readonly field: string;
  readonly reason: string;
}

/** The schedule cannot work as it is; every problem is named. */
export class ScheduleInvalidError extends ScheduleError {
  readonly problems: readonly ScheduleProblem[];

  constructor(name: string, problems: readonly ScheduleProblem[]) {
    const details = problems.map(({ field, reason }) => `${field} ${reason}`).join('; ');
    super('SCHEDULE_INVALID', false, `schedule '${name}' cannot work: ${details}`);
    this.problems = problems;
  }
}

export class ScheduleNameTakenError extends ScheduleError {
  constructor(name: string) {
    super('SCHEDULE_NAME_TAKEN', false, `there is a schedule '${name}' already; change it, or choose a name`);
  }
}

export class ScheduleNotFoundError extends ScheduleError {
  readonly scheduleName: string;

  constructor(name: string) {
    super('SCHEDULE_NOT_FOUND', false, `there is no schedule '${name}'`);
    this.scheduleName = name;
  }
}

/** Somebody else edited the schedule between our reading and our writing. */
export class ScheduleChangedError extends ScheduleError {
  constructor(name: string) {
    super(
      'SCHEDULE_CHANGED',
      true,
      `schedule '${name}' was edited by somebody else just now; look and try again`,
    );
  }
}

export function isScheduleError(error: unknown): error is ScheduleError {
  return error instanceof ScheduleError;
}
