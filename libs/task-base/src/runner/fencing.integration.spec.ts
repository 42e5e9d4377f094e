import { waitFor } from '@bus/testing';
import { describe, expect, it } from 'vitest';
import { placeOf } from '../cancel/job-address.ts';
import { closedGate } from '../fixtures/gate.fixture.ts';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import type { EchoParams } from '../fixtures/test-tasks.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';
import { useTestWorkers } from '../fixtures/use-test-workers.fixture.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';

const echo = testTask('echo');
const patience = { timeoutMs: 25_000 };

describe('fencing', () => {
  const workers = useTestWorkers();

  function start(
    run: (params: EchoParams, ctx: TaskContext) => Promise<unknown>,
    task = echo,
  ): Promise<TestWorker> {
    return workers.start({
      handlers: [handlerOf(task, run)],
      catalog: [task] as TaskDefinition[],
    });
  }
  const ref = (jobId: string) => ({ jobId, queue: 'critical' as const });
  const takeLock = ({ connections }: TestWorker, jobId: string) =>
    connections.commands.set(placeOf('critical', jobId).lock, 'another-worker', 'PX', 60_000);
  const counted = async ({ metrics }: TestWorker, name: string) =>
    Number(new RegExp(`${name}\\{[^}]*\\} (\\d+)`).exec((await metrics.render()).body)?.[1] ?? 0);

  it('does not take the outcome of a run whose lock another worker holds, and stays calm about it', async () => {
    const gate = closedGate();
    let started = false;
    const worker = await start(async () => {
      started = true;
      await gate.opened;
      return 'stale';
    });
    const { jobId } = await worker.client.enqueue(echo, { text: 'x' });
    await waitFor(() => started);
    await takeLock(worker, jobId);
    gate.open();
    await waitFor(async () => (await counted(worker, 'bus_task_fenced_total')) === 1);
    expect(await worker.client.outcome(ref(jobId))).toMatchObject({ state: 'running' });
    expect(await counted(worker, 'bus_worker_errors_total')).toBe(0);
    expect(worker.letters.letters).toEqual([]);
  });

  it('tells a run that its lock is lost at the next renewal, and refuses it from then on', async () => {
    let reason: unknown;
    let refusal: unknown;
    let started = false;
    const worker = await start(async (_params, ctx) => {
      started = true;
      await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
      reason = ctx.revoked.reason;
      await ctx.confirmOwnership().catch((error: unknown) => (refusal = error));
    });
    const { jobId } = await worker.client.enqueue(echo, { text: 'x' });
    await waitFor(() => started);
    await takeLock(worker, jobId);
    await waitFor(() => refusal, patience);
    expect(reason).toMatchObject({ code: 'TASK_OWNERSHIP_LOST' });
    expect(refusal).toBe(reason);
    await waitFor(async () => (await counted(worker, 'bus_task_fenced_total')) === 1);
    expect(await counted(worker, 'bus_worker_errors_total')).toBe(0);
  });

  it('lets the owner confirm, and nobody after the lock is gone', async () => {
    const gate = closedGate();
    const answers: unknown[] = [];
    const worker = await start(async (_params, ctx) => {
      answers.push(await ctx.confirmOwnership().then(() => 'owner'));
      await gate.opened;
      answers.push(await ctx.confirmOwnership().catch((error: { code: string }) => error.code));
    });
    const { jobId } = await worker.client.enqueue(echo, { text: 'x' });
    await waitFor(() => answers.length === 1);
    await worker.connections.commands.del(placeOf('critical', jobId).lock);
    gate.open();
    await waitFor(() => answers.length === 2);
    expect(answers).toEqual(['owner', 'TASK_OWNERSHIP_LOST']);
  });

  it('refuses a handler that goes on after its hard limit, while the next try of the job commits', async () => {
    const brief = testTask('brief', {
      softLimitMs: 20,
      hardLimitMs: 60,
      retry: { retries: 1, backoffMs: 5, maxBackoffMs: 5 },
    });
    const gate = closedGate();
    const answers: unknown[] = [];
    const tokens: number[] = [];
    const worker = await start(async (_params, ctx) => {
      tokens.push(ctx.fencingToken);
      if (ctx.attempt === 1) await gate.opened;
      answers.push(
        await ctx.confirmOwnership().then(
          () => `attempt ${ctx.attempt}`,
          (error: { code: string }) => error.code,
        ),
      );
    }, brief);
    const { jobId } = await worker.client.enqueue(brief, { text: 'x' });
    expect(await worker.client.waitForOutcome(ref(jobId), patience)).toMatchObject({ state: 'completed' });
    gate.open();
    await waitFor(() => answers.length === 2);
    expect(answers).toEqual(['attempt 2', 'TASK_OWNERSHIP_LOST']);
    expect(tokens[1]).toBe((tokens[0] ?? 0) + 1);
    expect(await counted(worker, 'bus_task_abandoned_total')).toBe(1);
  });
});
