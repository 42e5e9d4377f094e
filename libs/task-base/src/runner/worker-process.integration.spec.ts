import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { existsSync, readFileSync } from 'node:fs';
import { ChannelLayerModule, GroupHistory } from '@bus/channel-layer';
import { DEVELOPMENT_ENCRYPTION_KEY, EncryptionSettings } from '@bus/platform';
import {
  createRedisDatabase,
  createTemporaryDirectory,
  isAlive,
  removeTemporaryDirectory,
  waitFor,
} from '@bus/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { placeOf } from '../cancel/job-address.ts';
import {
  BATCH,
  BROADCAST,
  CHILD,
  EFFECTS_KEY,
  EXTERNAL,
  IN_PROCESS,
  LONG,
  PAUSING,
  POISON,
  QUICK,
  RESUME_KEY,
} from '../fixtures/process-tasks.fixture.ts';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';
import { buildLibrary, startWorkerProcess } from '../fixtures/worker-process.fixture.ts';
import type { WorkerProcess } from '../fixtures/worker-process.fixture.ts';
import { QUEUES } from '../queues/queue-catalog.ts';
import { SUSPECT_AFTER_LOSSES } from './suspect-runs.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';

const patience = { timeoutMs: 60_000 };
const bystander = testTask('bystander', { queue: 'email' });

describe('a worker in a process of its own', () => {
  let redisUrl: string;
  let directory: string;
  let observer: TestWorker;
  const processes: WorkerProcess[] = [];

  beforeAll(async () => {
    await buildLibrary();
    directory = createTemporaryDirectory('worker-process-spec');
  }, 120_000);
  afterAll(() => removeTemporaryDirectory(directory));
  beforeEach(async () => {
    redisUrl = await createRedisDatabase(inject('redisUrl'));
    const encryption = Object.assign(new EncryptionSettings(), {
      CHANNELS_ENCRYPTION_KEYS: [DEVELOPMENT_ENCRYPTION_KEY],
    });
    observer = await startTestWorker({
      redisUrl,
      handlers: [handlerOf(bystander, () => Promise.resolve())],
      catalog: [bystander] as TaskDefinition[],
      queues: ['email'],
      imports: [ChannelLayerModule.forRoot({ encryption })],
    });
  });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map(({ process }) => process.kill('SIGKILL')));
    await observer.close();
  });

  async function startProcess(): Promise<WorkerProcess> {
    const worker = await startWorkerProcess(redisUrl);
    processes.push(worker);
    return worker;
  }
  const ref = (jobId: string) => ({ jobId, queue: 'critical' as const });
  const outcome = (jobId: string) => observer.client.waitForOutcome(ref(jobId), patience);
  const effects = () => observer.connections.commands.hgetall(EFFECTS_KEY);

  it('is killed in the middle of each kind of task, and each is redone with its effects had once', async () => {
    const calls: string[] = [];
    const service = createServer((request, response) => {
      calls.push(String(request.headers['idempotency-key']));
      // The first caller waits for ever.
      if (calls.length > 1) response.end('charged');
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/charge`;
    const pidFile = join(directory, 'child.pid');
    const first = await startProcess();
    const texts = [
      [IN_PROCESS, 'x'],
      [BROADCAST, 'smoke'],
      [EXTERNAL, url],
      [BATCH, 'x'],
      [CHILD, `spin ${pidFile}`],
    ] as const;
    const jobIds = await Promise.all(
      texts.map(async ([task, text]) => (await observer.client.enqueue(task, { text })).jobId),
    );
    await Promise.all([
      first.told('in_process', 'started'),
      first.told('broadcast', 'shown'),
      first.told('batch', 'half done'),
      waitFor(() => calls.length === 1, patience),
    ]);
    const childPid = await waitFor(
      () => existsSync(pidFile) && Number(readFileSync(pidFile, 'utf8')),
      patience,
    );
    await first.process.kill('SIGKILL');
    await waitFor(() => !isAlive(childPid), {
      ...patience,
      message: 'the child in its busy loop to be gone',
    });

    const second = await startProcess();
    const [inProcess, broadcast, external, batch, child] = await Promise.all(jobIds.map(outcome));
    const started = second.reports.find(({ task }) => task === 'in_process');
    expect(started).toMatchObject({ attempt: 1, isRedelivery: true });
    expect(inProcess).toMatchObject({ state: 'completed', result: started?.fencingToken });
    expect(broadcast).toMatchObject({ state: 'completed', result: 'shown' });
    expect(external).toMatchObject({ state: 'completed', result: 'charged' });
    expect(batch).toMatchObject({ state: 'completed', result: 'stored' });
    expect(child).toMatchObject({ state: 'completed', result: { argument: 'again' } });
    expect(await effects()).toEqual({
      in_process: '1',
      ...Object.fromEntries(Array.from({ length: 10 }, (_, item) => [`batch-${item}`, '1'])),
    });
    expect(new Set(calls).size).toBe(1);
    expect((await observer.app.get(GroupHistory).position('noc_dashboard')).offset).toBe('1');
    service.closeAllConnections();
    service.close();
  }, 120_000);

  it('cannot commit after it was frozen for longer than its lock lasts', async () => {
    const frozen = await startProcess();
    const { jobId } = await observer.client.enqueue(PAUSING, { text: 'x' });
    const before = await frozen.told('pausing', 'started');
    await frozen.process.kill('SIGSTOP');
    const successor = await startProcess();
    const after = await successor
      .told('pausing', 'committed')
      .then(() => successor.told('pausing', 'started'));
    expect(await outcome(jobId)).toMatchObject({ state: 'completed', result: after.fencingToken });
    expect(after.fencingToken).toBeGreaterThan(before.fencingToken ?? Infinity);

    await observer.connections.commands.set(RESUME_KEY, '1');
    await frozen.process.kill('SIGCONT');
    // Unconfirmed when its connection has not come back yet: that does not let it commit either.
    expect((await frozen.told('pausing', 'refused')).detail).toMatch(/^TASK_OWNERSHIP_(LOST|UNCONFIRMED)$/);
    expect(await effects()).toEqual({ pausing: '1' });
    expect(await outcome(jobId)).toMatchObject({ state: 'completed', result: after.fencingToken });
    // It is well otherwise: the next job is its or the successor's, and both take jobs.
    const { jobId: next } = await observer.client.enqueue(QUICK, { text: 'next' });
    expect(await outcome(next)).toMatchObject({ result: 'next' });
    expect(frozen.process.isRunning).toBe(true);
    expect(frozen.process.output).not.toMatch(/unhandled/i);
  }, 120_000);

  it('becomes a dead letter that kills its worker each time, and harms no other', async () => {
    const neighbours = await Promise.all(
      ['a', 'b', 'c'].map(async (text) => (await observer.client.enqueue(LONG, { text })).jobId),
    );
    const { jobId: poison } = await observer.client.enqueue(POISON, { text: 'x' });
    let crashes = 0;
    for (let worker = await startProcess(); ; worker = await startProcess()) {
      const end = await Promise.race([worker.process.exited, outcome(poison).then(() => undefined)]);
      if (end === undefined) break;
      expect(end.signal).toBe('SIGABRT');
      crashes += 1;
      // As if the lock duration had passed: what a dead worker held is nobody's.
      const { commands } = observer.connections;
      const held = await commands.lrange(`${placeOf('critical', '').prefix}active`, 0, -1);
      await Promise.all(held.map((jobId) => commands.del(placeOf('critical', jobId).lock)));
    }
    const losses = QUEUES.critical.maxStalledCount + 1;
    // On a starved machine a run can lose its lock before it gets to kill its process.
    expect(crashes).toBeGreaterThan(SUSPECT_AFTER_LOSSES);
    expect(crashes).toBeLessThanOrEqual(losses);
    expect(await observer.client.outcome(ref(poison))).toMatchObject({
      state: 'failed',
      reason: 'TASK_STALLED',
    });
    for (const jobId of neighbours) expect(await outcome(jobId)).toMatchObject({ state: 'completed' });
    const { jobId: next } = await observer.client.enqueue(QUICK, { text: 'next' });
    expect(await outcome(next)).toMatchObject({ result: 'next' });
    const letter = await processes.at(-1)?.told('poison', 'dead letter');
    expect(letter).toMatchObject({
      attempt: losses,
      detail: expect.stringMatching(/^TASK_STALLED: job stalled/),
    });
  }, 240_000);
});
