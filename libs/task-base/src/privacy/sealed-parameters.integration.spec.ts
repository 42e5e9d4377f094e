import { createHash, randomBytes } from 'node:crypto';
import type { ChannelKeys } from '@bus/channel-layer';
import { Id, JsonObject, ListOf, Sensitive, Text } from '@bus/payload-schemas';
import { redisKeys } from '@bus/platform';
import { createRedisDatabase, waitFor } from '@bus/testing';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { captureLog } from '../fixtures/captured-log.fixture.ts';
import { dumpRedis } from '../fixtures/redis-dump.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker, TestWorkerOptions } from '../fixtures/test-worker.fixture.ts';
import { canonicalJson } from '../idempotency/canonical-json.ts';
import { TaskHandlersIncompleteError, TaskSealingUnavailableError } from '../task-base.errors.ts';
import { BaseTask } from '../tasks/base-task.ts';
import { defineTask } from '../tasks/define-task.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { Task } from '../tasks/task.decorator.ts';

class Guest {
  @Sensitive() @Text(100) mail!: string;
  @Text(100) room!: string;
}

class InvitationParams {
  @Id() user_id!: number;
  @Text(100) subject!: string;
  @Sensitive() @Text(100) door_code!: string;
  @Sensitive() @JsonObject({ optional: true }) payment?: Record<string, unknown> | null;
  @ListOf(() => Guest, 1, 5) guests!: Guest[];
}

const INVITE = defineTask({
  name: 'invite',
  queue: 'critical',
  params: InvitationParams,
  retry: { retries: 0, backoffMs: 5, maxBackoffMs: 5 },
});
const INVITE_ONCE = defineTask({
  ...INVITE,
  name: 'invite_once',
  idempotency: { scope: 'user', category: 'email' },
});

const PARAMS = {
  user_id: 7,
  subject: 'Welcome',
  door_code: 'tulip-field',
  payment: { card: 'heron of the north', amount: 918_273_645 },
  guests: [{ mail: 'pelican at example', room: 'north' }],
};
/** No short numbers among them, which would be found in some time stamp. */
const SECRETS = /tulip|heron|918273645|pelican/;
const PATIENCE = { timeoutMs: 60_000 };

const [oldKey, newKey, routing] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const keys = (...encryption: Buffer[]): ChannelKeys => ({
  encryptionKeys: () => encryption,
  routingKey: () => routing,
});

describe('sensitive parameters', { timeout: 120_000 }, () => {
  let redisUrl: string;
  const open: TestWorker[] = [];
  let behave: (params: InvitationParams, ctx: TaskContext) => Promise<unknown>;

  @Task(INVITE)
  class Invite extends BaseTask<InvitationParams, unknown> {
    run(params: InvitationParams, ctx: TaskContext): Promise<unknown> {
      return behave(params, ctx);
    }
  }
  @Task(INVITE_ONCE)
  class InviteOnce extends BaseTask<InvitationParams, unknown> {
    run(params: InvitationParams, ctx: TaskContext): Promise<unknown> {
      return behave(params, ctx);
    }
  }

  beforeEach(async () => {
    redisUrl = await createRedisDatabase(inject('redisUrl'));
    behave = () => Promise.resolve('ok');
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((worker) => worker.close()));
  });

  async function start(options: Partial<TestWorkerOptions> = {}): Promise<TestWorker> {
    const worker = await startTestWorker({
      redisUrl,
      handlers: [Invite, InviteOnce],
      catalog: [INVITE, INVITE_ONCE],
      encryption: keys(oldKey),
      ...options,
    });
    open.push(worker);
    return worker;
  }
  const startClient = (encryption?: ChannelKeys) =>
    start({ queues: [], handlers: [], catalog: [], ...(encryption ? { encryption } : {}) });
  const jobOf = async (worker: TestWorker, jobId: string) => {
    const connection = worker.connections.commands;
    const job = await new Queue('critical', {
      connection,
      prefix: redisKeys.queuePrefix('critical'),
    }).getJob(jobId);
    if (job === undefined) throw new Error(`no job ${jobId}`);
    return job;
  };
  const finished = (worker: TestWorker, jobId: string) =>
    waitFor(async () => {
      const job = await jobOf(worker, jobId);
      return job.finishedOn === undefined ? undefined : job;
    }, PATIENCE);
  const letterOf = (worker: TestWorker) => waitFor(() => worker.letters.letters[0], PATIENCE);

  it('lie sealed in Redis, open only for the handler, and what is not sensitive stays readable', async () => {
    const client = await startClient();
    const { jobId } = await client.client.enqueue(INVITE, PARAMS);
    const sealed = { sealed: expect.stringMatching(/^[\w-]{60,}$/) as string };
    expect((await jobOf(client, jobId)).data).toMatchObject({
      params: {
        user_id: 7,
        subject: 'Welcome',
        door_code: sealed,
        payment: sealed,
        guests: [{ mail: sealed, room: 'north' }],
      },
    });
    expect(await dumpRedis(client.connections.commands)).not.toMatch(SECRETS);

    let seen: unknown;
    behave = (params) => Promise.resolve(void (seen = structuredClone(params)));
    await finished(await start(), jobId);
    expect(seen).toEqual(PARAMS);
    expect(await dumpRedis(client.connections.commands)).not.toMatch(SECRETS);
  });

  it('are found by value in results, errors, progress and log lines of their run', async () => {
    const worker = await start();
    const log = captureLog();
    behave = async (params, ctx) => {
      ctx.logger.log(`for ${params.door_code}`, { guest: params.guests[0]?.mail });
      await ctx.progress(50, `card ${String(params.payment?.['card'])}`);
      if (params.subject === 'fail') {
        throw new Error(`refused ${JSON.stringify(params)}`, { cause: new Error(params.door_code) });
      }
      return { said: `amount ${String(params.payment?.['amount'])}`, [params.door_code]: params.payment };
    };
    const { jobId: good } = await worker.client.enqueue(INVITE, PARAMS);
    const { jobId: bad } = await worker.client.enqueue(INVITE, { ...PARAMS, subject: 'fail' });
    const [job, failed] = [await finished(worker, good), await finished(worker, bad)];
    const letter = await letterOf(worker);
    log.stop();

    expect(job.returnvalue).toMatchObject({ said: 'amount [redacted]' });
    expect(job.progress).toEqual({ percent: 50, message: 'card [redacted]' });
    expect(failed.failedReason).toContain('TASK_FAILED: refused');
    expect(letter.params).toEqual({
      user_id: 7,
      subject: 'fail',
      door_code: '[sealed]',
      payment: '[sealed]',
      guests: [{ mail: '[sealed]', room: 'north' }],
    });
    expect(log.lines.some((line) => line.includes('for [redacted]'))).toBe(true);
    for (const text of [
      JSON.stringify(letter),
      log.lines.join(''),
      await dumpRedis(worker.connections.commands),
    ]) {
      expect(text).not.toMatch(SECRETS);
    }
  });

  it('open over a key rotation, and become a dead letter once their key is gone', async () => {
    const client = await startClient(keys(oldKey));
    const { jobId } = await client.client.enqueue(INVITE, PARAMS);
    await finished(await start({ encryption: keys(newKey, oldKey) }), jobId);
    await Promise.all(open.splice(1).map((worker) => worker.close()));

    await client.client.enqueue(INVITE, PARAMS);
    const letter = await letterOf(await start({ encryption: keys(newKey) }));
    expect(letter).toMatchObject({
      reason: 'TASK_PARAMS_SEALED',
      detail: 'parameter door_code of invite cannot be opened',
      attempts: 1,
    });
  });

  it('open for no other job and no other field, and not when altered', async () => {
    const client = await startClient();
    const { jobId: source } = await client.client.enqueue(INVITE, PARAMS, { delayMs: 3_600_000 });
    const { params } = (await jobOf(client, source)).data as { params: Record<string, { sealed: string }> };
    const [code, payment] = [params['door_code']!, params['payment']!];
    const altered = { sealed: `${code.sealed.slice(0, -2)}${code.sealed.endsWith('AA') ? 'BB' : 'AA'}` };
    const forgeries: [string, object][] = [
      ['another-job', { door_code: code }],
      ['another-field', { payment: code }],
      ['altered', { door_code: altered }],
      ['made-up', { door_code: { sealed: 'AAAA' } }],
    ];
    expect(payment).toBeDefined();
    for (const [name, change] of forgeries) {
      const { jobId } = await client.client.enqueue(INVITE, PARAMS, { jobId: name, delayMs: 3_600_000 });
      const job = await jobOf(client, jobId);
      const data = job.data as { params: object };
      await job.updateData({ ...data, params: { ...data.params, ...change } });
      await job.promote();
    }
    const worker = await start();
    const letters = await waitFor(
      () => worker.letters.letters.length === 4 && worker.letters.letters,
      PATIENCE,
    );
    expect(letters.map(({ reason }) => reason)).toEqual(Array(4).fill('TASK_PARAMS_SEALED'));
    expect(letters.map(({ detail }) => detail).toSorted()).toEqual([
      'parameter door_code of invite cannot be opened',
      'parameter door_code of invite cannot be opened',
      'parameter door_code of invite cannot be opened',
      'parameter payment of invite cannot be opened',
    ]);
  });

  it('are there again when a dead job is enqueued again', async () => {
    const worker = await start();
    behave = () => Promise.reject(new Error('no'));
    const { jobId } = await worker.client.enqueue(INVITE, PARAMS, { jobId: 'again' });
    await letterOf(worker);
    let code: unknown;
    behave = (params) => Promise.resolve(void (code = params.door_code));
    await (await jobOf(worker, jobId)).retry('failed');
    await waitFor(() => code === PARAMS.door_code, PATIENCE);
  });

  it('run also when they lie open, as jobs from before the mark do', async () => {
    const client = await startClient();
    const { jobId } = await client.client.enqueue(INVITE, PARAMS, { delayMs: 3_600_000 });
    const job = await jobOf(client, jobId);
    await job.updateData({ ...(job.data as object), params: PARAMS });
    await job.promote();
    behave = (params) => Promise.resolve(params.door_code);
    expect((await finished(await start(), jobId)).returnvalue).toBe('[redacted]');
  });

  it('are refused where they are not what their class wants, without being repeated', async () => {
    const client = await startClient();
    const wrong = { ...PARAMS, door_code: 77_310_000 as unknown as string };
    await expect(client.client.enqueue(INVITE, wrong)).rejects.toMatchObject({
      code: 'TASK_PARAMS_INVALID',
      message: expect.not.stringContaining('77310000') as string,
    });
  });

  it('cannot be enqueued or run by a process without keys, which says so', async () => {
    const client = await startTestWorker({ redisUrl, handlers: [], catalog: [], queues: [] });
    open.push(client);
    await expect(client.client.enqueue(INVITE, PARAMS)).rejects.toBeInstanceOf(TaskSealingUnavailableError);
    const worker = startTestWorker({
      redisUrl,
      handlers: [Invite, InviteOnce],
      catalog: [INVITE, INVITE_ONCE],
    });
    await expect(worker).rejects.toBeInstanceOf(TaskHandlersIncompleteError);
    await expect(worker).rejects.toThrow("'invite' has sensitive parameters; import ChannelLayerModule");
  });

  it('count for idempotency by their plain values, under a name that gives nothing away', async () => {
    const client = await startClient();
    const one = await client.client.enqueue(INVITE_ONCE, PARAMS);
    const same = await client.client.enqueue(INVITE_ONCE, structuredClone(PARAMS));
    const other = await client.client.enqueue(INVITE_ONCE, { ...PARAMS, door_code: 'tulip-meadow' });
    expect(same).toEqual({ jobId: one.jobId, duplicate: true });
    expect(other.jobId).not.toBe(one.jobId);
    const guessable = createHash('sha256').update(canonicalJson(['invite_once', 'user', 7, PARAMS]));
    expect(one.jobId).not.toContain(guessable.digest('hex'));

    let runs = 0;
    behave = () => Promise.resolve((runs += 1));
    const worker = await start({ encryption: keys(newKey, oldKey) });
    await finished(worker, one.jobId);
    await worker.client.enqueue(INVITE_ONCE, PARAMS, { jobId: 'by-another-name' });
    await finished(worker, 'invite_once-by-another-name');
    expect(runs).toBe(2);
  });
});
