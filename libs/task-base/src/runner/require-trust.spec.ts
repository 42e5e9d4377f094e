import { Sensitive, Text } from '@bus/payload-schemas';
import { describe, expect, it } from 'vitest';
import { EchoParams, idempotentTask, testTask } from '../fixtures/test-tasks.fixture.ts';
import { BaseTask } from '../tasks/base-task.ts';
import { defineTask } from '../tasks/define-task.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { IdempotentTask } from '../tasks/idempotent-task.ts';
import { Task } from '../tasks/task.decorator.ts';
import { requireTrust } from './require-trust.ts';

class SecretParams {
  @Sensitive() @Text(10) secret!: string;
}
class Plain extends BaseTask<object, unknown> {
  run(): Promise<unknown> {
    return Promise.resolve();
  }
}
class Careful extends IdempotentTask<EchoParams> {
  run(): Promise<void> {
    return Promise.resolve();
  }
}

const problemsOf = (task: TaskDefinition, instance: BaseTask<object, unknown>, canAll = false) => {
  try {
    const handlers = new Map([[task.queue, new Map([[task.name, { task, instance }]])]]);
    requireTrust(handlers, { canSeal: canAll, isDurable: canAll });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

describe('requireTrust', () => {
  const secret = defineTask({ name: 'secret', queue: 'default', params: SecretParams });
  const durable = idempotentTask('durable', { durable: true });

  it('asks for keys, a store and rules where tasks need them', () => {
    expect(problemsOf(secret, new Plain())).toContain("'secret' has sensitive parameters");
    expect(problemsOf(durable as TaskDefinition, new Plain())).toContain("'durable' is durable");
    const careful = new Careful() as unknown as BaseTask<object, unknown>;
    expect(problemsOf(testTask('echo') as TaskDefinition, careful, true)).toContain(
      "Careful is an IdempotentTask; give 'echo' an idempotency rule",
    );
  });

  it('is content when they are there, and with tasks that need none', () => {
    expect(problemsOf(secret, new Plain(), true)).toBeUndefined();
    expect(problemsOf(durable as TaskDefinition, new Plain(), true)).toBeUndefined();
    expect(problemsOf(testTask('echo') as TaskDefinition, new Plain())).toBeUndefined();
  });
});

describe('@Task', () => {
  it('does not compile on an IdempotentTask without a rule', () => {
    Task(idempotentTask('with'))(Careful);
    Task(idempotentTask('plain_with'))(
      class extends BaseTask<EchoParams> {
        run(): Promise<void> {
          return Promise.resolve();
        }
      },
    );
    // @ts-expect-error The definition has no idempotency rule.
    Task(testTask('without'))(Careful);
    expect.assertions(0);
  });
});
