import { createRedisDatabase, waitFor } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { DeadLetterDesk, type ArchivedLetter, type DeadLetterArchive } from './dead-letter-desk.ts';
import { JobAdmin } from './job-admin.ts';

const task = testTask('delicate');
let isBroken = true;
const seen: { text: string; isRedelivery: boolean }[] = [];

let worker: TestWorker;
let jobs: JobAdmin;
let archive: MemoryArchive;
let desk: DeadLetterDesk;

/** The archive in memory, with the promise of the real one: of several who close a letter one succeeds. */
class MemoryArchive implements DeadLetterArchive {
  readonly letters = new Map<number, ArchivedLetter>();

  find(id: number): Promise<ArchivedLetter | undefined> {
    return Promise.resolve(this.letters.get(id));
  }

  close(id: number, as: 'requeued' | 'discarded'): Promise<boolean> {
    const letter = this.letters.get(id);
    if (letter?.status !== 'open') return Promise.resolve(false);
    this.letters.set(id, { ...letter, status: as });
    return Promise.resolve(true);
  }

  reopen(id: number): Promise<void> {
    const letter = this.letters.get(id);
    if (letter?.status === 'requeued') this.letters.set(id, { ...letter, status: 'open' });
    return Promise.resolve();
  }
}

beforeAll(async () => {
  worker = await startTestWorker({
    redisUrl: await createRedisDatabase(inject('redisUrl')),
    handlers: [
      handlerOf(task, ({ text }, { isRedelivery }) => {
        if (isBroken) return Promise.reject(new Error('broken'));
        seen.push({ text, isRedelivery });
        return Promise.resolve();
      }),
    ],
    catalog: [task] as TaskDefinition[],
  });
  jobs = new JobAdmin(worker.connections.commands);
});
afterAll(() => worker.close());
beforeEach(() => {
  isBroken = true;
  seen.length = 0;
  archive = new MemoryArchive();
  desk = new DeadLetterDesk({ archive, jobs, client: worker.client, catalog: [task] as TaskDefinition[] });
});

/** A job that has failed, with its letter as number 1. */
async function deadJob(text: string): Promise<ArchivedLetter> {
  const { jobId } = await worker.client.enqueue(task, { text }, { correlationId: `c-${text.length}` });
  const letter = await waitFor(() => worker.letters.letters.find((one) => one.jobId === jobId));
  const archived = { ...letter, deadLetterId: 1, status: 'open' } as const;
  archive.letters.set(1, archived);
  return archived;
}

const statusOf = (id: number) => archive.letters.get(id)?.status;

describe('requeue', () => {
  it('runs the original job again, once for however many ask', async () => {
    const { jobId } = await deadJob('again');
    isBroken = false;
    const outcomes = await Promise.all([desk.requeue(1), desk.requeue(1), desk.requeue(1)]);
    expect(outcomes.filter(({ kind }) => kind === 'job-retried')).toEqual([{ kind: 'job-retried', jobId }]);
    expect(outcomes.filter(({ kind }) => kind === 'closed-before')).toHaveLength(2);
    await waitFor(() => seen.length > 0);
    expect(seen).toEqual([{ text: 'again', isRedelivery: true }]);
    expect(statusOf(1)).toBe('requeued');
  });

  it('enqueues anew from the letter when Redis has the job no more', async () => {
    const letter = await deadJob('lost');
    await jobs.removeFailed({ queue: 'critical', jobId: letter.jobId });
    isBroken = false;
    expect(await desk.requeue(1)).toEqual({ kind: 'job-enqueued', jobId: letter.jobId });
    await waitFor(() => seen.length > 0);
    expect(seen).toEqual([{ text: 'lost', isRedelivery: false }]);
    expect(await jobs.show(letter.jobId)).toMatchObject({ correlationId: letter.correlationId });
  });

  it.each<[string, Partial<ArchivedLetter>, RegExp]>([
    ['a secret is missing', { params: { text: 'Bearer [redacted]' } }, /has no secrets/],
    ['its task is gone', { taskName: 'retired' }, /no task 'retired'/],
    ['its queue is gone', { queue: 'retired' }, /no queue 'retired'/],
    ['its parameters no longer fit', { params: { text: 5 } }, /text/],
    ['it has no parameters', { params: 'damaged' }, /no parameters/],
  ])('leaves the letter open when %s', async (_why, changes, why) => {
    const letter = await deadJob('stays');
    await jobs.removeFailed({ queue: 'critical', jobId: letter.jobId });
    archive.letters.set(1, { ...letter, ...changes });
    const outcome = await desk.requeue(1);
    expect(outcome.kind).toBe('impossible');
    expect(outcome.kind === 'impossible' && outcome.why).toMatch(why);
    expect(statusOf(1)).toBe('open');
  });

  it('only closes the letter when the job runs again already', async () => {
    const letter = await deadJob('done');
    isBroken = false;
    await jobs.retry({ queue: 'critical', jobId: letter.jobId });
    await waitFor(async () => (await jobs.show(letter.jobId))?.state === 'completed');
    expect(await desk.requeue(1)).toEqual({ kind: 'not-dead', state: 'completed' });
    expect(statusOf(1)).toBe('requeued');
  });

  it('opens the letter again when Redis does not take the job', async () => {
    await deadJob('unlucky');
    const away = Object.assign(Object.create(jobs) as JobAdmin, {
      retry: () => Promise.reject(new Error('Redis is away')),
    });
    const unlucky = new DeadLetterDesk({ archive, jobs: away, client: worker.client, catalog: [] });
    await expect(unlucky.requeue(1)).rejects.toThrow('Redis is away');
    expect(statusOf(1)).toBe('open');
  });

  it('knows no letter that is not there', async () => {
    expect(await desk.requeue(99)).toEqual({ kind: 'missing' });
  });
});

describe('discard', () => {
  it('closes the letter and removes the failed job', async () => {
    const letter = await deadJob('away');
    expect(await desk.discard(1)).toEqual({ kind: 'discarded', jobRemoved: true });
    expect(await jobs.show(letter.jobId)).toBeUndefined();
    expect(await desk.discard(1)).toEqual({ kind: 'closed-before', status: 'discarded' });
    expect(await desk.requeue(1)).toEqual({ kind: 'closed-before', status: 'discarded' });
  });

  it('leaves a job that failed anew to its new letter', async () => {
    const letter = await deadJob('twice');
    await jobs.retry({ queue: 'critical', jobId: letter.jobId });
    await waitFor(async () => {
      const job = await jobs.show(letter.jobId);
      return job?.state === 'failed' && job.finishedAt?.getTime() !== letter.failedAt.getTime();
    });
    expect(await desk.discard(1)).toEqual({ kind: 'discarded', jobRemoved: false });
    expect(await jobs.show(letter.jobId)).toBeDefined();
  });
});
