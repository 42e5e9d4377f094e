import { randomUUID } from 'node:crypto';
import type { ValueSealer } from '@bus/channel-layer';
import type { Metrics } from '@bus/observability';
import { readScheduleRunId } from '../client/job-data.ts';
import type { ClaimStore, WorkClaim } from '../idempotency/claim-store.ts';
import { holdLease } from '../idempotency/hold-lease.ts';
import { idempotencyKeyOf } from '../idempotency/idempotency-key.ts';
import type { IdempotencyRule } from '../idempotency/idempotency-rule.ts';
import { TaskSteps } from '../idempotency/task-steps.ts';
import { withPatience } from '../idempotency/with-patience.ts';
import { TaskSupersededError } from '../task-base.errors.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { moveAside } from './move-aside.ts';
import { storableResult } from './storable-result.ts';
import type { TaskLink, TaskRun } from './task-run.ts';

/** How long others wait for a run that vanished with its job. A worker that lives renews; a later start need not wait. */
const LEASE_MS = 60_000;

/** Between two looks at work another job is doing. */
const LOOK_AGAIN_MS = 1_000;

export interface Claims {
  /** Where the rule's claims are kept. */
  readonly of: (rule: IdempotencyRule) => ClaimStore;
  readonly sealer: ValueSealer | undefined;
}

/**
 * A task with an idempotency rule comes to one outcome per piece of work. Who finds it done gets that outcome and the handler
 * does not run; who finds it being done waits, without using up an attempt, and then gets it too.
 *
 * The handler itself is run at least once: again after a failure, and again when its worker died or was cut off. Then the
 * later start takes the work over and the earlier one can no longer commit, whatever it comes to. Tasks without a rule pass
 * without a round trip.
 */
export function replayOutcome(metrics: Metrics, claims: Claims): TaskLink {
  const replayed = metrics.counter('bus_task_replayed_total');
  const replay = async (
    run: TaskRun,
    task: TaskDefinition,
    rule: IdempotencyRule,
    next: () => Promise<unknown>,
  ) => {
    const store = claims.of(rule);
    const claim = claimOf(run, task, rule, claims.sealer);
    const answer = await store.claim(claim);
    if (answer.state === 'running') return moveAside(run, LOOK_AGAIN_MS);
    if (answer.state === 'done') {
      replayed.inc({ queue: run.queue, task: run.taskName });
      return answer.result;
    }
    const result = await runUnderClaim(run, store, claim, next);
    // Somebody else has the work by now: the outcome to return is theirs.
    return result.isOutcome ? result.value : moveAside(run, LOOK_AGAIN_MS);
  };
  return (run, next) => {
    const task = run.handler?.task;
    return task?.idempotency === undefined ? next() : replay(run, task, task.idempotency, next);
  };
}

async function runUnderClaim(
  run: TaskRun,
  store: ClaimStore,
  claim: WorkClaim,
  next: () => Promise<unknown>,
): Promise<{ value: unknown; isOutcome: boolean }> {
  const letGo = holdLease(store, claim, () => run.control.ask(new TaskSupersededError(claim.taskName)));
  run.steps = new TaskSteps(store, claim);
  try {
    const value = storableResult(run, await next());
    return { value, isOutcome: await withPatience(() => store.commit(claim, value)) };
  } catch (error) {
    // When this does not get through, the retry of this job takes over all the same: it has started later.
    await store.release(claim).catch(() => undefined);
    throw error;
  } finally {
    letGo();
  }
}

function claimOf(
  run: TaskRun,
  task: TaskDefinition,
  rule: IdempotencyRule,
  sealer: ValueSealer | undefined,
): WorkClaim {
  return {
    key: idempotencyKeyOf(task, run.params, sealer, readScheduleRunId(run.job.data)) ?? '',
    taskName: task.name,
    scope: rule.scope,
    // A job enqueued anew under the same id counts its starts anew; its fence says nothing about the earlier one.
    jobId: `${run.jobId}@${run.job.timestamp}`,
    fence: run.job.attemptsStarted,
    claimId: randomUUID(),
    leaseMs: Math.min(LEASE_MS, task.hardLimitMs),
    ttlMs: rule.ttlMs,
  };
}
