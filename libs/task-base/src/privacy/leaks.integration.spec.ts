import { randomBytes } from 'node:crypto';
import { JsonObject, Sensitive, Text } from '@bus/payload-schemas';
import { redisKeys } from '@bus/platform';
import { createRedisDatabase, waitFor } from '@bus/testing';
import { Queue } from 'bullmq';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { captureLog } from '../fixtures/captured-log.fixture.ts';
import { dumpRedis } from '../fixtures/redis-dump.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';
import { BaseTask } from '../tasks/base-task.ts';
import { defineTask } from '../tasks/define-task.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { Task } from '../tasks/task.decorator.ts';

/** One secret of each kind, as it may turn up in a text. */
const TEXTS = {
  jwt: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ',
  password: 'password=canary-pass-1',
  card: '4111 1111 1111 1111',
  solidCard: '5500000000000004',
  apiKey: 'api_key: canary-4711-key',
  bearer: 'Bearer canary9f8e7d6c',
  cookie: 'Cookie: sid=canary-sid',
  url: 'redis://app:canary-url@host:6379/0',
  privateKey: '-----BEGIN RSA PRIVATE KEY-----\nY2FuYXJ5LWtleQ==\n-----END RSA PRIVATE KEY-----',
  mail: 'canary.person@mail.example.org',
  serialised: '{"ssn":"canary-078-05-1120","full_name":"Canary Person"}',
};
/** And as a field that only its name gives away. */
const FIELDS = {
  email: 'canary-field-mail',
  phone_number: 'canary-field-phone',
  first_name: 'canary-field-name',
  refreshToken: 'canary-field-token',
  iban: 'canary-field-iban',
};
const LEAKS =
  /canary|4111[ -]?1111|5500000000000004|c2lnbmF0dXJl|Y2FuYXJ5|eyJzdWIi|MTIzNC1jYW5hcnk|Canary Person/i;

class CanaryParams {
  @Text(20) mode!: string;
  @Sensitive() @JsonObject() secrets!: Record<string, unknown>;
}

const CARRY = defineTask({
  name: 'carry',
  queue: 'critical',
  params: CanaryParams,
  retry: { retries: 1, backoffMs: 5, maxBackoffMs: 5 },
  idempotency: { scope: 'global', category: 'default', key: ({ mode }) => mode },
});

/** Where the first leak is, for whoever has to mend it. */
function around(text: string): string {
  const at = text.search(LEAKS);
  return text.slice(Math.max(0, at - 200), at + 100);
}

class CarriedResult {
  readonly texts = Object.values(TEXTS);
  readonly fields = FIELDS;
  readonly map = new Map<string, unknown>(Object.entries(FIELDS));
  readonly mapByMail = new Map([[TEXTS.mail, 1]]);
  readonly set = new Set(Object.values(TEXTS));
  readonly card = 4111111111111111;
  readonly bigCard = 4111111111111111n;
  readonly error = new AggregateError([new Error(TEXTS.jwt)], TEXTS.password, { cause: TEXTS.card });
  readonly bytes = Buffer.from('canary');
  readonly nothing = undefined;
  readonly self: unknown = this;
  readonly disguised = { toJSON: () => ({ email: FIELDS.email, text: TEXTS.bearer }) };
}

/** A library's error: data in fields, a cause, parts, and a stack that repeats the message. */
function carriedError(): Error {
  const text = Object.values(TEXTS).join(' | ');
  const parts = Object.values(TEXTS).map((part) => new Error(part));
  const cause = new AggregateError(parts, text, { cause: Object.assign(new Error(text), FIELDS) });
  return Object.assign(new Error(`${text} ${JSON.stringify(FIELDS)}`, { cause }), { config: FIELDS });
}

describe('secrets', { timeout: 120_000 }, () => {
  let worker: TestWorker | undefined;
  afterEach(() => worker?.close());

  it('reach neither Redis nor the log nor a dead letter, by success or by failure', async () => {
    @Task(CARRY)
    class Carry extends BaseTask<CanaryParams, unknown> {
      async run({ mode, secrets }: CanaryParams, ctx: TaskContext): Promise<unknown> {
        const text = [...Object.values(TEXTS), secrets['note']].join(' | ');
        ctx.logger.log(text, FIELDS);
        ctx.logger.error(text, carriedError());
        ctx.logger.warn(`${JSON.stringify(FIELDS)} of ${mode}`);
        await ctx.progress(10, text);
        if (mode === 'throw') throw carriedError();
        if (mode === 'odd') {
          // What is thrown need be no error, and what is an error need not behave.
          throw Object.assign(Object.create(Error.prototype) as Error, { message: { ...FIELDS }, stack: 7 });
        }
        if (mode === 'text') throw text as unknown as Error;
        return { carried: new CarriedResult(), note: secrets };
      }
    }
    const [key, routing] = [randomBytes(32), randomBytes(32)];
    worker = await startTestWorker({
      redisUrl: await createRedisDatabase(inject('redisUrl')),
      handlers: [Carry],
      catalog: [CARRY],
      encryption: { encryptionKeys: () => [key], routingKey: () => routing },
    });
    const log = captureLog();
    const { client, letters, connections } = worker;
    const modes = ['return', 'throw', 'odd', 'text'];
    // Known by value only: nothing in its look or its name gives it away.
    const secrets = { note: 'the canary sings at noon' };
    const receipts = await Promise.all(modes.map((mode) => client.enqueue(CARRY, { mode, secrets })));
    const queue = new Queue('critical', {
      connection: connections.commands,
      prefix: redisKeys.queuePrefix('critical'),
    });
    const jobs = await waitFor(
      async () => {
        const all = await Promise.all(receipts.map(({ jobId }) => queue.getJob(jobId)));
        return all.every((job) => job?.finishedOn !== undefined) && letters.letters.length === 3 && all;
      },
      { timeoutMs: 60_000 },
    );
    log.stop();

    // The carriers were really there: otherwise nothing found would mean nothing.
    expect(log.lines.length).toBeGreaterThanOrEqual(3 * 7);
    expect(jobs[0]?.returnvalue).toMatchObject({
      carried: { self: '[circular]', bytes: '[6 bytes]', card: '[redacted]' },
    });
    for (const job of jobs.slice(1)) expect(job?.failedReason).toMatch(/^TASK_FAILED: /);
    for (const job of jobs) expect(job?.progress).toMatchObject({ percent: 10 });
    const dump = await dumpRedis(connections.commands);
    expect(dump).toContain('returnvalue');
    expect(dump).toContain('stacktrace');
    expect(dump).toContain('bus:idem:');
    for (const text of [dump, log.lines.join('\n'), JSON.stringify(letters.letters)]) {
      expect(LEAKS.exec(text)?.[0], around(text)).toBeUndefined();
    }
  });
});
