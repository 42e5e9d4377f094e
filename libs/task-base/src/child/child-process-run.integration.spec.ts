import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTemporaryDirectory, isAlive, removeTemporaryDirectory, waitFor } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  TaskHardTimeLimitError,
  TaskOwnershipLostError,
  TaskSoftTimeLimitError,
} from '../task-base.errors.ts';
import { childModule } from './child-module.ts';
import { runInChildProcess } from './child-process-run.ts';
import type { ChildProcessRunOptions } from './child-process-run.ts';

const tooLong = new TaskHardTimeLimitError('heavy', 1_000);

interface Started {
  readonly outcome: Promise<unknown>;
  readonly ask: AbortController;
  readonly revoke: AbortController;
  readonly progress: [number, string | undefined][];
  readonly logged: unknown[];
}

function start(text: string, changes: Partial<ChildProcessRunOptions> = {}): Started {
  const ask = new AbortController();
  const revoke = new AbortController();
  const progress: Started['progress'] = [];
  const logged: unknown[] = [];
  const outcome = runInChildProcess({
    order: {
      work: childModule(import.meta.url, '../fixtures/child-works.fixture').href,
      params: { text },
      about: {
        jobId: 'heavy-1',
        taskName: 'heavy',
        attempt: 2,
        isRedelivery: true,
        correlationId: 'c-1',
        fencingToken: 7,
      },
      maxResultBytes: 1_000,
    },
    maxMemoryMiB: 256,
    environment: { TZ: 'UTC' },
    signal: ask.signal,
    revoked: revoke.signal,
    confirmOwnership: () => Promise.resolve(),
    onProgress: (percent, message) => progress.push([percent, message]),
    onLog: (level, message) => logged.push([level, message]),
    ...changes,
  });
  outcome.catch(() => undefined);
  return { outcome, ask, revoke, progress, logged };
}

/** The pid a work has written down, once it has. */
function pidIn(file: string): Promise<number> {
  return waitFor(() => existsSync(file) && Number(readFileSync(file, 'utf8')), { timeoutMs: 20_000 });
}

describe('runInChildProcess', () => {
  let directory: string;
  beforeAll(() => {
    directory = createTemporaryDirectory('child-spec');
  });
  afterAll(() => removeTemporaryDirectory(directory));

  it('runs the work in another process and hands its result back', async () => {
    const result = (await start('echo hello').outcome) as { pid: number };
    expect(result).toMatchObject({ argument: 'hello', jobId: 'heavy-1', attempt: 2 });
    expect(result.pid).not.toBe(process.pid);
    expect(isAlive(result.pid)).toBe(false);
  });

  it('inherits nothing of the environment', async () => {
    process.env['CHILD_SPEC_SECRET'] = 'canary';
    try {
      expect(Object.keys((await start('environment').outcome) as object)).toEqual(['TZ']);
    } finally {
      delete process.env['CHILD_SPEC_SECRET'];
    }
  });

  it('passes progress and log lines on', async () => {
    const { outcome, progress, logged } = start('progress');
    await outcome;
    expect(progress[0]).toEqual([0, 'step 0']);
    expect(progress.at(-1)).toEqual([100, 'step 100']);
    expect(logged).toEqual([]);
    const logging = start('log');
    await logging.outcome;
    expect(logging.logged).toEqual([['warn', 'nearly full']]);
  });

  it('passes progress on while the work never lets go of its thread', async () => {
    const { outcome, progress } = start('spin-progress');
    await waitFor(() => progress.length >= 2, { timeoutMs: 20_000 });
    expect(progress.length).toBeLessThan(100);
    await outcome;
    expect(progress.at(-1)).toEqual([99, undefined]);
  });

  it('asks the worker whether the run still owns its job', async () => {
    await expect(start('own-commit').outcome).resolves.toBeNull();
    const lost = start('own-commit', {
      confirmOwnership: () => Promise.reject(new TaskOwnershipLostError('heavy', 'its lock has expired')),
    });
    await expect(lost.outcome).rejects.toMatchObject({ code: 'TASK_OWNERSHIP_LOST', isRetryable: false });
  });

  it.each(['before it begins', 'while it runs'])('asks the work to end %s, with the reason', async (when) => {
    const { outcome, ask, logged } = start('wait-for-stop');
    if (when === 'while it runs') await waitFor(() => logged.length > 0, { timeoutMs: 20_000 });
    ask.abort(new TaskSoftTimeLimitError('heavy', 500));
    await expect(outcome).rejects.toMatchObject({ code: 'TASK_SOFT_TIME_LIMIT', isRetryable: true });
  });

  it('kills a revoked child in a busy loop, and is done only when it is gone', async () => {
    const file = join(directory, 'spin.pid');
    const { outcome, revoke } = start(`spin ${file}`);
    const pid = await pidIn(file);
    revoke.abort(tooLong);
    await expect(outcome).rejects.toBe(tooLong);
    expect(isAlive(pid)).toBe(false);
  });

  it('kills a child that has not begun yet', async () => {
    const { outcome, revoke } = start('ignore-stop');
    revoke.abort(tooLong);
    await expect(outcome).rejects.toBe(tooLong);
  });

  it('kills what the work has started as well', async () => {
    const file = join(directory, 'grandchild.pid');
    const { outcome, revoke } = start(`grandchild ${file}`);
    const grandchild = await pidIn(file);
    expect(isAlive(grandchild)).toBe(true);
    revoke.abort(tooLong);
    await expect(outcome).rejects.toBe(tooLong);
    await waitFor(() => !isAlive(grandchild));
  });

  it('does not start a child for a run that is revoked already', async () => {
    await expect(start('echo', { revoked: AbortSignal.abort(tooLong) }).outcome).rejects.toBe(tooLong);
  });

  it.each(['fill-heap', 'fill-buffers'])(
    'ends a child that would %s beyond its limit',
    async (work) => {
      await expect(start(work, { maxMemoryMiB: 128 }).outcome).rejects.toMatchObject({
        code: 'TASK_MEMORY_LIMIT',
        isRetryable: false,
        message: 'heavy took more than 128 MiB and was killed',
      });
    },
    60_000,
  );

  it('throws what the work throws, as it was', async () => {
    await expect(start('throw REPORT_TEMPLATE_MISSING').outcome).rejects.toMatchObject({
      message: 'no template',
      code: 'REPORT_TEMPLATE_MISSING',
      isRetryable: false,
    });
    await expect(start('throw-text').outcome).rejects.toThrow('just text');
  });

  it('says how a child ended that gave no answer, with its last words and without its secrets', async () => {
    const failure = (await start('exit 3').outcome.catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({ code: 'TASK_CHILD_FAILED', isRetryable: true });
    expect(failure.message).toMatch(
      /^the child process of heavy ended by exit code 3 without an answer: giving up/,
    );
    expect(failure.message).not.toContain('canary');
    await expect(start('kill-itself').outcome).rejects.toThrow(/ended by SIGSEGV without an answer/);
    await expect(start('throw-later').outcome).rejects.toThrow(/exit code 1 .*Error: from nowhere/);
  });

  it('refuses results that are too large or no JSON', async () => {
    await expect(start('large-result 2000').outcome).rejects.toMatchObject({
      message: 'the result is 2002 bytes, at most 1000 are allowed',
      isRetryable: false,
    });
    await expect(start('no-json').outcome).rejects.toThrow(/BigInt/);
    await expect(start('no-result').outcome).resolves.toBeNull();
  });

  it('does not wait for timers the work has left open', async () => {
    await expect(start('leave-timer').outcome).resolves.toBeNull();
  });

  it('fails when there is no such module', async () => {
    const order = { work: 'file:///nowhere/at-all.js', params: {}, maxResultBytes: 100 };
    const about = { jobId: 'heavy-1', taskName: 'heavy', attempt: 1, isRedelivery: false };
    await expect(
      start('echo', { order: { ...order, about: { ...about, correlationId: 'c', fencingToken: 1 } } })
        .outcome,
    ).rejects.toMatchObject({ code: 'ERR_MODULE_NOT_FOUND' });
  });
});
