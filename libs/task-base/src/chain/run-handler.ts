import { Logger } from '@nestjs/common';
import { redactText } from '@bus/observability';
import { UnknownTaskError } from '../task-base.errors.ts';
import { runAsTask } from '../tasks/current-task.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import type { TaskRun } from './task-run.ts';

const MAX_MESSAGE_LENGTH = 1_000;

/** The end of the chain: the handler itself, with its context. */
export async function runHandler(run: TaskRun): Promise<unknown> {
  const { handler, jobId, steps } = run;
  if (handler === undefined) throw new UnknownTaskError(run.taskName, run.queue);
  const taskName = handler.task.name;
  return runAsTask(
    { taskId: jobId, taskName, steps },
    () => handler.instance.run(run.params, contextOf(run, taskName)),
    () => run.control.signal,
  );
}

function contextOf(run: TaskRun, taskName: string): TaskContext {
  const { job } = run;
  return {
    jobId: run.jobId,
    taskName,
    attempt: job.attemptsMade + 1,
    // Started counts every start; made and stalled are asked too because a job from elsewhere may lack that field.
    isRedelivery: job.attemptsStarted > 1 || job.attemptsMade > 0 || job.stalledCounter > 0,
    correlationId: run.correlationId,
    get signal() {
      return run.control.signal;
    },
    get revoked() {
      return run.control.revoked;
    },
    fencingToken: run.fencingToken,
    logger: new Logger(taskName),
    progress: (percent, message) =>
      job.updateProgress({
        percent: Math.min(100, Math.max(0, Number.isNaN(percent) ? 0 : percent)),
        message: message === undefined ? null : redactText(message).slice(0, MAX_MESSAGE_LENGTH),
      }),
    confirmOwnership: () => run.control.confirmOwnership(),
  };
}
