import { waitFor } from '@bus/testing';
import { describe, expect, it } from 'vitest';
import { closedGate } from '../fixtures/gate.fixture.ts';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import type { EchoParams } from '../fixtures/test-tasks.fixture.ts';
import type { TestWorker, TestWorkerOptions } from '../fixtures/test-worker.fixture.ts';
import { useTestWorkers } from '../fixtures/use-test-workers.fixture.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { CANCEL } from './cancel-scripts.lua.ts';
import { placeOf } from './job-address.ts';

const echo = testTask('echo', { sentAgain: 'run-again' });
const retried = testTask('retried', { retry: { retries: 3, backoffMs: 600_000, maxBackoffMs: 600_000 } });
const bystander = testTask('bystander', { queue: 'email' });
const patience = { timeoutMs: 25_000 };

type Run = (params: EchoParams, ctx: TaskContext) => Promise<unknown>;

describe('cancel', () => {
  const workers = useTestWorkers();

  function start(run: Run, options: Partial<TestWorkerOptions> = {}, task = echo): Promise<TestWorker> {
    return workers.start({
      handlers: [handlerOf(task, run)],
      catalog: [task] as TaskDefinition[],
      ...options,
    });
  }
  /** A process that enqueues and cancels; no worker of the queues in question runs in it. */
  const caller = () => start(() => Promise.resolve(), { queues: ['email'] }, bystander);
  const ref = (jobId: string) => ({ jobId, queue: 'critical' as const });
  const untilAborted: Run = (_params, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

  it.each([
    ['waiting', 0],
    ['delayed', 60_000],
  ] as const)('takes a %s job out of its queue while no worker runs, and keeps why', async (was, delayMs) => {
    const { client, metrics } = await caller();
    const { jobId } = await client.enqueue(echo, { text: 'x' }, { delayMs });
    const { outcome, cancellation } = await client.cancel(ref(jobId), {
      reason: 'token=canary-1',
      by: 'olivia',
    });
    expect(outcome).toBe('cancelled');
    expect(cancellation).toMatchObject({ outcome: 'cancelled', was, by: 'olivia' });
    expect(cancellation?.reason).not.toContain('canary');
    expect(await client.outcome(ref(jobId))).toEqual({ state: 'cancelled', cancellation });
    expect(await client.readCancellation(ref(jobId))).toEqual(cancellation);
    expect((await client.cancel(ref(jobId))).outcome).toBe('cancelled');
    expect((await metrics.render()).body).toMatch(/bus_task_cancelled_total\{[^}]*task="echo"[^}]*\} 1/);

    const ran: string[] = [];
    const worker = await start(({ text }) => Promise.resolve(ran.push(text)));
    await worker.client.enqueue(echo, { text: 'next' });
    await waitFor(() => ran.length > 0);
    expect(ran).toEqual(['next']);
  });

  it('cancels a job that waits for its next try', async () => {
    const worker = await start(() => Promise.reject(new Error('not now')), {}, retried);
    const { jobId } = await worker.client.enqueue(retried, { text: 'x' });
    await waitFor(async () => (await worker.client.outcome(ref(jobId))).state === 'delayed');
    expect(await worker.client.cancel(ref(jobId))).toMatchObject({
      outcome: 'cancelled',
      cancellation: { was: 'delayed' },
    });
  });

  it('tells a running job, from another process, and waits for its end', async () => {
    const worker = await start(untilAborted);
    const { client } = await caller();
    const { jobId } = await client.enqueue(echo, { text: 'x' });
    await waitFor(async () => (await client.outcome(ref(jobId))).state === 'running');
    expect(await client.cancel(ref(jobId), { reason: 'enough', waitMs: 20_000 })).toMatchObject({
      outcome: 'cancelled',
      cancellation: { outcome: 'cancelled', was: 'running', reason: 'enough' },
    });
    expect((await client.outcome(ref(jobId))).state).toBe('cancelled');
    expect(worker.letters.letters).toEqual([]);
    await waitFor(async () =>
      /bus_task_completed_total\{[^}]*result="cancelled"[^}]*\} 1/.test((await worker.metrics.render()).body),
    );
    expect((await worker.metrics.render()).body).toMatch(
      /bus_task_cancelled_total\{[^}]*task="echo"[^}]*\} 1/,
    );
  });

  it('answers at once when it is not to wait', async () => {
    const gate = closedGate();
    const worker = await start(() => gate.opened);
    const { jobId } = await worker.client.enqueue(echo, { text: 'x' });
    await waitFor(async () => (await worker.client.outcome(ref(jobId))).state === 'running');
    expect((await worker.client.cancel(ref(jobId))).outcome).toBe('requested');
    expect(await worker.client.outcome(ref(jobId))).toMatchObject({
      state: 'running',
      isCancelRequested: true,
    });
    gate.open();
  });

  it('is heard of without pub/sub too', async () => {
    const worker = await start(untilAborted);
    const { jobId } = await worker.client.enqueue(echo, { text: 'x' });
    await waitFor(async () => (await worker.client.outcome(ref(jobId))).state === 'running');
    const { job, lock, cancellation, prefix } = placeOf('critical', jobId);
    const argv = [prefix, jobId, '{}', 60_000, Date.now(), 'a-channel-nobody-hears', ''];
    await worker.connections.commands.eval(CANCEL, 3, job, lock, cancellation, ...argv);
    expect(await worker.client.waitForOutcome(ref(jobId), patience)).toMatchObject({ state: 'cancelled' });
  });

  it('gives up a handler that does not heed its signal, after the grace', async () => {
    let refusal: unknown;
    const worker = await start(
      (_params, ctx) =>
        new Promise(() => {
          ctx.revoked.addEventListener('abort', () => {
            ctx.confirmOwnership().catch((error: unknown) => (refusal = error));
          });
        }),
    );
    const { jobId } = await worker.client.enqueue(echo, { text: 'x' });
    await waitFor(async () => (await worker.client.outcome(ref(jobId))).state === 'running');
    expect((await worker.client.cancel(ref(jobId), { waitMs: 20_000 })).outcome).toBe('cancelled');
    await waitFor(() => refusal);
    expect(refusal).toMatchObject({ code: 'TASK_OWNERSHIP_LOST' });
    expect((await worker.metrics.render()).body).toMatch(/bus_task_abandoned_total\{[^}]*\} 1/);
  });

  it('lets a run that completes all the same have completed', async () => {
    const gate = closedGate();
    const worker = await start(async () => {
      await gate.opened;
      return 'done';
    });
    const { jobId } = await worker.client.enqueue(echo, { text: 'x' });
    await waitFor(async () => (await worker.client.outcome(ref(jobId))).state === 'running');
    await worker.client.cancel(ref(jobId));
    gate.open();
    expect(await worker.client.waitForOutcome(ref(jobId), patience)).toMatchObject({
      state: 'completed',
      result: 'done',
    });
    expect((await worker.client.cancel(ref(jobId))).outcome).toBe('already_finished');
  });

  it('stops the redelivery of a job whose worker has gone', async () => {
    const stuck = await start(() => new Promise(() => undefined), { drainMs: 100 });
    const { client } = await caller();
    const { jobId } = await client.enqueue(echo, { text: 'x' });
    await waitFor(async () => (await client.outcome(ref(jobId))).state === 'running');
    // As when its worker dies between the request and hearing of it: the job is back in its queue, the request stands.
    const closing = stuck.close();
    expect((await client.cancel(ref(jobId))).outcome).toBe('requested');
    await closing;
    const ran: string[] = [];
    await start(({ text }) => Promise.resolve(ran.push(text)));
    expect(await client.waitForOutcome(ref(jobId), patience)).toMatchObject({ state: 'cancelled' });
    expect(ran).toEqual([]);
  });

  it('takes a job at once whose lock has expired because every worker is dead', async () => {
    const gate = closedGate();
    const worker = await start(() => gate.opened);
    const { client, connections } = await caller();
    const { jobId } = await client.enqueue(echo, { text: 'x' });
    await waitFor(async () => (await client.outcome(ref(jobId))).state === 'running');
    // As if the lock duration had passed without a sign of life.
    await connections.commands.del(placeOf('critical', jobId).lock);
    expect(await client.cancel(ref(jobId))).toMatchObject({
      outcome: 'cancelled',
      cancellation: { was: 'running' },
    });
    gate.open();
    await waitFor(async () =>
      /bus_task_fenced_total\{[^}]*task="echo"[^}]*\} 1/.test((await worker.metrics.render()).body),
    );
    expect((await client.outcome(ref(jobId))).state).toBe('cancelled');
  });

  it.each(['a waiting', 'a running'])(
    'is for that run: the id of %s job enqueued again runs',
    async (kind) => {
      const { client } = await caller();
      const options = { jobId: 'report-7' };
      const { jobId } = await client.enqueue(echo, { text: 'first' }, options);
      const ran: string[] = [];
      const run: Run = (params, ctx) => {
        ran.push(params.text);
        return params.text === 'first' ? untilAborted(params, ctx) : Promise.resolve(params.text);
      };
      if (kind === 'a running') {
        await start(run);
        await waitFor(() => ran.length === 1);
      }
      expect((await client.cancel(ref(jobId), { waitMs: 20_000 })).outcome).toBe('cancelled');
      expect(await client.enqueue(echo, { text: 'second' }, options)).toEqual({ jobId, duplicate: false });
      if (kind === 'a waiting') await start(run);
      expect(await client.waitForOutcome(ref(jobId), patience)).toMatchObject({
        state: 'completed',
        result: 'second',
      });
    },
  );

  it('does not meet a later request that runs a finished job again', async () => {
    const flaky = testTask('flaky', {
      sentAgain: 'run-again',
      retry: { retries: 1, backoffMs: 5, maxBackoffMs: 5 },
    });
    const tokens: number[] = [];
    const worker = await start(
      (_params, ctx) => {
        tokens.push(ctx.fencingToken);
        return tokens.length === 2 ? Promise.reject(new Error('not now')) : Promise.resolve(tokens.length);
      },
      {},
      flaky,
    );
    const options = { jobId: 'report-8' };
    const { jobId } = await worker.client.enqueue(flaky, { text: 'x' }, options);
    await worker.client.waitForOutcome(ref(jobId), patience);
    // A cancel of the first run that nobody heard before it ended.
    const { job, cancellation } = placeOf('critical', jobId);
    const request_time = await worker.connections.commands.hget(job, 'timestamp');
    const record = { outcome: 'requested', was: 'running', requested_at: 1, request_time };
    await worker.connections.commands.set(cancellation, JSON.stringify(record));
    // A request right after the first would be taken for the same one; the second start of the new run looks for cancels.
    await waitFor(async () => {
      await worker.client.enqueue(flaky, { text: 'x' }, options);
      return tokens.length > 1;
    }, patience);
    expect(await worker.client.waitForOutcome(ref(jobId), patience)).toMatchObject({
      state: 'completed',
      result: 3,
    });
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
    expect(new Set(tokens).size).toBe(3);
  });

  it('finds nothing where there is nothing, and touches nothing that is not a job', async () => {
    const { client, connections } = await caller();
    await client.enqueue(echo, { text: 'x' });
    for (const jobId of ['echo-none', 'meta', 'prioritized', 'marker', 'events', '', '*', 'a:b']) {
      expect(await client.cancel(ref(jobId))).toEqual({ outcome: 'not_found', cancellation: undefined });
      expect(await client.outcome(ref(jobId))).toEqual({ state: 'not_found' });
    }
    expect(await client.cancel({ jobId: 'of-no-task-we-know' })).toMatchObject({ outcome: 'not_found' });
    expect(await connections.commands.zcard(`${placeOf('critical', '').prefix}prioritized`)).toBe(1);
  });

  it('finds the queue of a job of the catalog by its id', async () => {
    const { client } = await caller();
    expect((await client.cancel({ jobId: 'process_device_alert-none' })).outcome).toBe('not_found');
    expect(placeOf('critical', 'process_device_alert-none').job).toContain('{critical}');
  });
});
