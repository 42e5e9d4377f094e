import { Logger } from '@nestjs/common';
import { isCircuitOpenError, serviceLabel } from '@bus/circuit-breaker';
import type { CircuitOpenError } from '@bus/circuit-breaker';
import type { Metrics } from '@bus/observability';
import { RepeatedWarnings } from '../repeated-warnings.ts';
import type { ParkedJobs } from '../parking/parked-jobs.ts';
import { moveAside } from './move-aside.ts';
import type { TaskLink, TaskRun } from './task-run.ts';

/** Jobs that wait for the same service come back at this distance on average, and within the longest spread. */
const APART_MS = 100;
const LONGEST_SPREAD_MS = 30_000;

/** How far an error may have been wrapped. */
const MAX_CAUSES = 5;

/**
 * A run that ends because a circuit refused its call is not a failure: the job is put aside until the service may be tried again,
 * and no attempt is counted.
 */
export function parkWhenRefused(parked: ParkedJobs, metrics: Metrics): TaskLink {
  const counter = metrics.counter('bus_task_parked_total');
  const warnings = new RepeatedWarnings(new Logger('ParkedJobs'));
  // What is remembered only makes jobs come back early and be seen. Without it they come back when their delay is over.
  const orNot = <T>(run: TaskRun, memory: Promise<T>): Promise<T | undefined> =>
    memory.catch((error: unknown) => {
      warnings.warn(`parked jobs of ${run.queue}`, error);
      return undefined;
    });
  const park = async (run: TaskRun, { service, retryAfterMs }: CircuitOpenError): Promise<never> => {
    const waiting = await orNot(run, parked.park(run.queue, run.jobId, service, retryAfterMs));
    counter.inc({ queue: run.queue, task: run.taskName, service: serviceLabel(service) });
    return moveAside(run, retryAfterMs + spreadMs(waiting ?? 1));
  };
  return (run, next) => {
    const work = mayHaveBeenParked(run) ? orNot(run, parked.forget(run.queue, run.jobId)).then(next) : next();
    return work.catch((error: unknown) => {
      const refusal = refusalIn(error);
      if (refusal === undefined) throw error;
      return park(run, refusal);
    });
  };
}

/** A job that was started more often than it failed was parked, given back or lost its worker. */
function mayHaveBeenParked({ job }: TaskRun): boolean {
  return job.attemptsStarted > job.attemptsMade + 1;
}

function refusalIn(error: unknown): CircuitOpenError | undefined {
  let inner = error;
  for (let depth = 0; depth <= MAX_CAUSES; depth += 1) {
    if (isCircuitOpenError(inner)) return inner;
    if (!(inner instanceof Error)) return undefined;
    inner = inner.cause;
  }
  return undefined;
}

/** The first to come back tries the service; the more there are, the less they should all come with it. */
function spreadMs(waiting: number): number {
  return APART_MS + Math.random() * Math.min(LONGEST_SPREAD_MS, waiting * APART_MS);
}
