import { UnrecoverableError } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { taskRun } from '../fixtures/task-run.fixture.ts';
import { TaskParamsInvalidError } from '../task-base.errors.ts';
import { sanitiseOutcome } from './sanitise-outcome.ts';

const CARD = '4111 1111 1111 1111';
const failWith = (error: unknown) =>
  sanitiseOutcome(taskRun(), () => Promise.reject(error as Error)).then(
    () => expect.unreachable('it must fail'),
    (stored: Error) => stored,
  );

describe('sanitiseOutcome', () => {
  it('removes secrets from a result', async () => {
    const result = await sanitiseOutcome(taskRun(), () => Promise.resolve({ ok: true, password: 'hunter2' }));
    expect(result).toEqual({ ok: true, password: '[redacted]' });
  });

  it('removes secrets from message and stack', async () => {
    const stored = await failWith(new Error(`payment with ${CARD} refused`));
    expect(stored.message).toBe('TASK_FAILED: payment with [redacted] refused');
    expect(stored.stack).not.toContain(CARD);
    expect(stored.stack).toContain('sanitise-outcome.spec');
  });

  it('makes an error that no retry can mend final', async () => {
    const stored = await failWith(
      new TaskParamsInvalidError('echo', [{ field: 'text', reason: 'is missing' }]),
    );
    expect(stored).toBeInstanceOf(UnrecoverableError);
    expect(stored.message).toBe('TASK_PARAMS_INVALID: parameters of echo do not fit: text is missing');
  });

  it('leaves any other error to the retries', async () => {
    expect(await failWith(new Error('later'))).not.toBeInstanceOf(UnrecoverableError);
  });

  it('does not let the name of an error steer the queue', async () => {
    const error = new Error('mine');
    error.name = 'DelayedError';
    expect((await failWith(error)).name).toBe('Error');
  });

  it('takes things that are no errors', async () => {
    expect((await failWith('just text')).message).toBe('TASK_FAILED: just text');
    expect((await failWith(undefined)).message).toBe('TASK_FAILED: undefined');
  });

  it('keeps stored errors short', async () => {
    const stored = await failWith(new Error('x'.repeat(100_000)));
    expect(stored.message.length).toBeLessThan(1_100);
    expect(stored.stack?.length).toBeLessThanOrEqual(4_000);
  });
});
