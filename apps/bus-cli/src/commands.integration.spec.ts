import type { KeptDeadLetter } from '@bus/database';
import { PROCESS_DEVICE_ALERT, type JobView, type QueueState } from '@bus/task-base';
import { waitFor } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { CANARY, doomedTask, runHere, startBus, type TestBus } from './fixtures/bus.fixture.ts';

let bus: TestBus;

beforeAll(async () => {
  bus = await startBus({
    databaseUrl: inject('databaseUrl'),
    mqttPort: inject('mqttPort'),
    mqttUsername: inject('mqttUsername'),
    mqttPassword: inject('mqttPassword'),
  });
  await bus.startWorker();
}, 120_000);
afterAll(() => bus.close());

const alert = (messageId: string) => ({
  message_id: messageId,
  topic: 'alert/panic/dev',
  source_id: 'dev',
  alert_type: 'panic',
  severity: 'critical' as const,
  message: 'Panic button pressed',
  location: null,
  device_time: null,
  received_at: new Date().toISOString(),
  clock_suspect: false,
  raw: {},
});

/** A job that has become a dead letter. */
async function deadLetter(jobId: string, any: object = {}, task = doomedTask()): Promise<KeptDeadLetter> {
  const receipt = await bus.tasks.enqueue(task, { any: { ...any } }, { jobId, correlationId: `c-${jobId}` });
  return waitFor(async () => {
    const { letters } = await bus.json<{ letters: KeptDeadLetter[] }>('dlq', 'list', '--job', receipt.jobId);
    return letters[0];
  });
}

const auditActions = async (subject: string): Promise<string[]> => {
  const { rows } = await bus.pool.query<{ action: string; details: { actor: string } }>(
    'select action, details from audit_log where subject_id = $1 order by id',
    [subject],
  );
  for (const { details } of rows) expect(details.actor).toMatch(/^\S+@\S+$/);
  return rows.map(({ action }) => action);
};

describe('queue', () => {
  it('lists every queue with its workers', async () => {
    const queues = await bus.json<QueueState[]>('queue', 'list');
    expect(queues.find(({ queue }) => queue === 'critical')).toMatchObject({ workers: 1, isPaused: false });
    const { stdout } = await bus.run('queue', 'list');
    expect(stdout).toMatch(/^critical +\d+ .* 1 +ok$/m);
    expect(stdout).toMatch(/^ml_training .* no worker$/m);
  });

  it('shows one with its settings and who works on it', async () => {
    const { stdout } = await bus.run('queue', 'show', 'critical');
    expect(stdout).toMatch(/^jobs at a time, per worker +64$/m);
    expect(stdout).toMatch(/^worker-1 +127\.0\.0\.1:\d+/m);
  });

  it('pauses and resumes, and notes who did it', async () => {
    expect(await bus.run('queue', 'pause', 'email', 'reports')).toMatchObject({ exitCode: 0 });
    expect((await bus.run('queue', 'list')).stdout).toMatch(/^email .* paused$/m);
    expect((await bus.run('status')).stdout).toContain('! email is paused');
    await bus.run('queue', 'resume', 'email', 'reports');
    expect((await bus.run('queue', 'list')).stdout).toMatch(/^email .* ok$/m);
    expect(await auditActions('email')).toEqual(['queue_paused', 'queue_resumed']);
  });

  it('drains only with a yes', async () => {
    const task = doomedTask('process_nothing', 'ml_training');
    for (const jobId of ['1', '2', '3']) await bus.tasks.enqueue(task, { any: {} }, { jobId });
    const waiting = async () => (await bus.json<QueueState>('queue', 'show', 'ml_training')).jobs.prioritized;
    const refused = await bus.run('queue', 'drain', 'ml_training');
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(/removes 3 jobs.*\nHint: add --yes/);
    expect(await waiting()).toBe(3);
    expect(await runHere(bus.folder, ['queue', 'drain', 'ml_training'], { answers: false })).toMatchObject({
      exitCode: 1,
    });
    expect(await waiting()).toBe(3);
    const asked = await runHere(bus.folder, ['queue', 'drain', 'ml_training'], { answers: true });
    expect(asked.stdout).toContain('Removed 3 jobs from ml_training.');
    expect(await waiting()).toBe(0);
    expect(await bus.json('queue', 'drain', 'ml_training', '--yes')).toEqual({
      queue: 'ml_training',
      removed: 0,
    });
    expect(await auditActions('ml_training')).toEqual(['queue_drained', 'queue_drained']);
  });

  it('knows no other queue', async () => {
    const { exitCode, stderr } = await bus.run('queue', 'show', 'critcal');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/There is no queue 'critcal'\.\nHint: it is one of critical, /);
  });
});

describe('job', () => {
  it('finds by task, parameter, tenant and correlation id, and shows one', async () => {
    const task = doomedTask('process_later', 'ai_processing');
    const any = { door: 'north', password: `${CANARY}-params` };
    await bus.tasks.enqueue(task, { any }, { jobId: '1', correlationId: 'c-find' });
    await bus.tasks.enqueue(task, { any: { door: 'south' } }, { jobId: '2' });
    const found = async (...options: string[]) =>
      (await bus.json<{ jobs: JobView[] }>('job', 'find', ...options)).jobs.map(({ jobId }) => jobId);
    expect(await found('--task', 'process_later')).toEqual(['process_later-1', 'process_later-2']);
    expect(await found('--param', 'any.door=south')).toEqual(['process_later-2']);
    expect(await found('--correlation', 'c-find')).toEqual(['process_later-1']);
    expect(await found('--tenant', '5')).toEqual([]);
    expect(await found('--queue', 'ai_processing', '--state', 'waiting')).toHaveLength(2);
    expect(await found('--queue', 'ai_processing', '--state', 'failed')).toEqual([]);
    const { stdout } = await bus.run('job', 'find', '--task', 'process_later', '--limit', '1');
    expect(stdout).toContain('The first 1; there are more (--limit).');
    const shown = (await bus.run('job', 'show', 'process_later-1')).stdout;
    expect(shown).toMatch(/^correlation id +c-find$/m);
    expect(shown).toContain('"password": "[redacted]"');
    await bus.run('queue', 'drain', 'ai_processing', '--yes');
  });

  it('says that there is no such job', async () => {
    const { exitCode, stderr } = await bus.run('job', 'show', 'process_later-9');
    expect(exitCode).toBe(1);
    expect(stderr).toContain("No queue has a job 'process_later-9'.");
  });

  it('retries one without asking, many only with a yes, and none by mistake', async () => {
    const task = doomedTask('process_retry');
    await deadLetter('1', {}, task);
    await deadLetter('2', {}, task);
    expect(await bus.run('job', 'retry')).toMatchObject({ exitCode: 2 });
    expect((await bus.run('job', 'retry', '--task', 'process_retry')).stderr).toContain('add --yes');
    const starts = async (id: string) => (await bus.json<JobView>('job', 'show', id)).starts;
    expect(await bus.json('job', 'retry', 'process_retry-1')).toMatchObject({ retried: 1 });
    await waitFor(async () => (await starts('process_retry-1')) === 2);
    await waitFor(async () => (await bus.json<JobView>('job', 'show', 'process_retry-1')).state === 'failed');
    expect(await bus.json('job', 'retry', '--task', 'process_retry', '--yes')).toMatchObject({ retried: 2 });
    expect(await auditActions('process_retry-1')).toEqual(['job_retried', 'job_retried']);
  });

  it('traces a piece of work from its beginning to what people did with it', async () => {
    const letter = await deadLetter('traced');
    await bus.run('dlq', 'discard', String(letter.deadLetterId), '--yes');
    for (const id of ['c-traced', letter.jobId]) {
      const { steps } = await bus.json<{ steps: { what: string; at: string }[] }>('job', 'trace', id);
      expect(steps.map(({ what }) => what)).toEqual(
        // By its id alone nothing leads from a removed job to its correlation id.
        id === 'c-traced'
          ? ['dead-letter', 'discarded', 'dead_letter_discarded']
          : ['dead-letter', 'discarded'],
      );
    }
    await bus.tasks.enqueue(PROCESS_DEVICE_ALERT, alert('t1'), { jobId: 't1', correlationId: 'c-alert' });
    await waitFor(async () => (await bus.run('job', 'trace', 'c-alert')).stdout.includes('completed'));
    const { stdout } = await bus.run('job', 'trace', 'process_device_alert-t1');
    expect(stdout).toMatch(/enqueued .*process_device_alert-t1[\s\S]*started .*by worker-1[\s\S]*completed/);
    expect(await bus.run('job', 'trace', 'c-unknown')).toMatchObject({ exitCode: 1 });
  });
});

describe('dlq', () => {
  it('lists and shows letters without their secrets', async () => {
    const letter = await deadLetter('shown', { tenant_id: 12, token: `${CANARY}-token` });
    const { letters } = await bus.json<{ letters: KeptDeadLetter[] }>(
      'dlq',
      'list',
      '--param',
      'any.tenant_id=12',
    );
    expect(letters).toMatchObject([
      { jobId: 'process_nothing-shown', reason: 'TASK_UNKNOWN', status: 'open' },
    ]);
    const { stdout } = await bus.run('dlq', 'show', String(letter.deadLetterId));
    expect(stdout).toMatch(/^job in Redis +failed$/m);
    expect(stdout).toContain('"token": "[redacted]"');
    expect(await bus.run('dlq', 'show', '999999')).toMatchObject({ exitCode: 1 });
    expect(await bus.run('dlq', 'show', 'abc')).toMatchObject({ exitCode: 2 });
  });

  it('requeues a letter once', async () => {
    const { deadLetterId, jobId } = await deadLetter('requeued');
    const id = String(deadLetterId);
    const runs = await Promise.all([1, 2, 3].map(() => bus.run('dlq', 'requeue', id)));
    expect(runs.filter(({ exitCode }) => exitCode === 0)).toHaveLength(1);
    expect(runs.filter(({ exitCode }) => exitCode === 1)).toHaveLength(2);
    expect(runs.filter(({ stdout }) => stdout.includes(`${jobId} waits in its queue again`))).toHaveLength(1);
    await waitFor(async () => (await bus.json<JobView>('job', 'show', jobId)).starts === 2);
    expect(await auditActions(id)).toEqual(['dead_letter_requeued']);
  });

  it('discards with its job, and only with a yes', async () => {
    const { deadLetterId, jobId } = await deadLetter('discarded');
    const id = String(deadLetterId);
    expect(await bus.run('dlq', 'discard', id)).toMatchObject({ exitCode: 2 });
    expect((await bus.run('job', 'show', jobId)).exitCode).toBe(0);
    expect((await bus.run('dlq', 'discard', id, '--yes')).stdout).toContain('discarded, with its failed job');
    expect((await bus.run('job', 'show', jobId)).exitCode).toBe(1);
  });

  it('deals with all that fit, and with all only when told so', async () => {
    const task = doomedTask('process_many');
    for (const jobId of ['1', '2', '3']) await deadLetter(jobId, { site: 'x' }, task);
    expect(await bus.run('dlq', 'requeue', '--yes')).toMatchObject({ exitCode: 2 });
    const done = await bus.json<{ done: number }>('dlq', 'discard', '--param', 'any.site=x', '--yes');
    expect(done.done).toBe(3);
    const { letters } = await bus.json<{ letters: unknown[] }>('dlq', 'list', '--task', 'process_many');
    expect(letters).toEqual([]);
    const closed = await bus.json<{ letters: unknown[] }>(
      'dlq',
      'list',
      '--task',
      'process_many',
      '--status',
      'any',
    );
    expect(closed.letters).toHaveLength(3);
  });
});

describe('inspect', () => {
  it('shows what waits for its time, what failed, and who works where', async () => {
    await deadLetter('inspected');
    await bus.tasks.enqueue(PROCESS_DEVICE_ALERT, alert('later'), { jobId: 'later', delayMs: 3_600_000 });
    expect((await bus.run('inspect', 'scheduled')).stdout).toMatch(
      /^process_device_alert-later .* asked for/m,
    );
    expect((await bus.run('inspect', 'failed')).stdout).toMatch(
      /^process_nothing-inspected .* TASK_UNKNOWN /m,
    );
    expect((await bus.run('inspect', 'waiting', '--queue', 'email')).stdout).toContain('None found.');
    expect((await bus.run('inspect', 'active')).stdout).toContain('None found.');
    const { processes, unattended } = await bus.json<{
      processes: { instance: string; queues: string[] }[];
      unattended: string[];
    }>('inspect', 'active-queues');
    expect(processes).toMatchObject([{ instance: 'worker-1' }]);
    expect(processes[0]!.queues).toContain('critical');
    expect(unattended).toContain('ml_training');
    const { stdout } = await bus.run('inspect', 'registered');
    expect(stdout).toMatch(/^process_device_alert +critical +10 +5 +3m +6m +1$/m);
  });

  it('adds up what the processes have counted', async () => {
    await deadLetter('counted');
    const high = await waitFor(async () => {
      const { queues } = await bus.json<{ queues: { queue: string; deadLetters: number; failed: number }[] }>(
        'inspect',
        'stats',
      );
      const now = queues.find(({ queue }) => queue === 'high_priority');
      return now !== undefined && now.deadLetters > 0 && now;
    });
    expect(high.failed).toBeGreaterThanOrEqual(high.deadLetters);
  });
});

describe('task run', () => {
  it('enqueues what fits', async () => {
    const { message_id: _id, ...rest } = alert('x');
    const receipt = await bus.json<{ jobId: string; duplicate: boolean }>(
      'task',
      'run',
      'process_device_alert',
      '--params',
      JSON.stringify(rest),
      '--param',
      'message_id=by-hand',
      '--id',
      'by-hand',
    );
    expect(receipt).toMatchObject({ jobId: 'process_device_alert-by-hand', duplicate: false });
    await waitFor(async () => (await bus.json<JobView>('job', 'show', receipt.jobId)).state === 'completed');
    expect(await auditActions(receipt.jobId)).toEqual(['task_enqueued']);
  });

  it('names every field that does not fit, and suggests the task that was meant', async () => {
    const wrong = await bus.run('task', 'run', 'process_device_alert', '--params', '{"severity":"bad"}');
    expect(wrong.exitCode).toBe(2);
    for (const field of ['message_id', 'topic', 'severity', 'raw'])
      expect(wrong.stderr).toContain(`  ${field}: `);
    const unknown = await bus.run('task', 'run', 'process_device_alrt');
    expect(unknown).toMatchObject({ exitCode: 2 });
    expect(unknown.stderr).toContain('did you mean process_device_alert');
    expect(await bus.run('task', 'run', 'process_device_alert', '--params', '[1]')).toMatchObject({
      exitCode: 2,
    });
    const hostile = ['--param', '__proto__.polluted=1'];
    expect(await bus.run('task', 'run', 'process_device_alert', ...hostile)).toMatchObject({ exitCode: 2 });
  });
});

describe('route', () => {
  it('tells where each setting comes from', async () => {
    const { stdout } = await bus.run('route', 'process_device_alert');
    expect(stdout).toMatch(/^priority in the queue +10 of 10 \(BullMQ: 1\) +as its queue$/m);
    expect(stdout).toMatch(/^retries +5 +the task's own entry/m);
    expect(stdout).toMatch(/wait before no\. 1 +5s to 10s/);
  });
});

describe('status and doctor', () => {
  beforeEach(() => bus.run('dlq', 'discard', '--all', '--yes'));

  it('finds a healthy bus healthy', async () => {
    const status = await bus.run('status');
    expect(status.stdout).toContain('All is well.');
    expect(status.exitCode).toBe(0);
    const doctor = await bus.run('doctor');
    expect(doctor.stdout).not.toContain('FAIL');
    for (const check of [
      'persistence',
      'eviction',
      'passes messages on',
      'schema',
      'partitions',
      'clock of Postgres',
    ])
      expect(doctor.stdout).toMatch(new RegExp(`ok +${check}: `));
    expect(doctor.exitCode).toBe(0);
  });

  it('says what is wrong, and how to mend it', async () => {
    await deadLetter('wrong');
    await bus.connections.commands.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await bus.pool.query(`delete from kysely_migration where name = '0007_dead_letter_search'`);
    try {
      const status = await bus.run('status');
      expect(status).toMatchObject({ exitCode: 1 });
      expect(status.stdout).toContain('! 1 dead letter to look at');
      const doctor = await bus.run('doctor');
      expect(doctor.exitCode).toBe(1);
      expect(doctor.stdout).toMatch(
        /FAIL +eviction: the policy is allkeys-lru\n +-> set maxmemory-policy noeviction/,
      );
      expect(doctor.stdout).toMatch(/FAIL +schema: .*0007_dead_letter_search\n +-> run /);
      expect(doctor.stdout).toMatch(/ok +passes messages on/);
    } finally {
      await bus.connections.commands.config('SET', 'maxmemory-policy', 'noeviction');
      await bus.pool.query(
        `insert into kysely_migration (name, timestamp) values ('0007_dead_letter_search', '')`,
      );
    }
  });
});

describe('--watch', () => {
  it('looks again and again, one document per line', async () => {
    const { stdout, exitCode } = await bus.run('queue', 'list', '--json', '--watch', '--interval', '0.2');
    const documents = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown[]);
    expect(documents.length).toBeGreaterThan(1);
    expect(documents.every((one) => one.length === 12)).toBe(true);
    expect(exitCode).toBe(0);
  });

  it('is refused where it makes no sense', async () => {
    expect(await bus.run('queue', 'pause', 'email', '--watch')).toMatchObject({ exitCode: 2 });
  });
});
