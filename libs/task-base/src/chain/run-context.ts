import { Logger } from '@nestjs/common';
import type { LoggerService } from '@nestjs/common';
import { redactText } from '@bus/observability';
import type { TaskContext } from '../tasks/task-context.ts';
import type { TaskRun } from './task-run.ts';

const MAX_MESSAGE_LENGTH = 1_000;

/** What a handler sees of its run. Made for every run and mostly not looked at, so what costs something is made when asked for. */
export class RunContext implements TaskContext {
  readonly taskName: string;
  private readonly run: TaskRun;

  constructor(run: TaskRun, taskName: string) {
    this.run = run;
    this.taskName = taskName;
  }

  get jobId(): string {
    return this.run.jobId;
  }

  get attempt(): number {
    return this.run.job.attemptsMade + 1;
  }

  get isRedelivery(): boolean {
    const { attemptsStarted, attemptsMade, stalledCounter } = this.run.job;
    // Started counts every start; made and stalled are asked too because a job from elsewhere may lack that field.
    return attemptsStarted > 1 || attemptsMade > 0 || stalledCounter > 0;
  }

  get correlationId(): string {
    return this.run.correlationId;
  }

  get signal(): AbortSignal {
    return this.run.control.signal;
  }

  get revoked(): AbortSignal {
    return this.run.control.revoked;
  }

  get fencingToken(): number {
    return this.run.fencingToken;
  }

  get logger(): LoggerService {
    return new Logger(this.taskName);
  }

  /** A function of its own, which a handler may pass on without its context; so is `confirmOwnership`. */
  get progress(): TaskContext['progress'] {
    return (percent, message) =>
      this.run.job.updateProgress({
        percent: Math.min(100, Math.max(0, Number.isNaN(percent) ? 0 : percent)),
        message: message === undefined ? null : redactText(message).slice(0, MAX_MESSAGE_LENGTH),
      });
  }

  get confirmOwnership(): TaskContext['confirmOwnership'] {
    return () => this.run.control.confirmOwnership();
  }
}
