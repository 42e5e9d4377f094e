import { Injectable, SetMetadata, applyDecorators } from '@nestjs/common';
import type { BaseTask } from './base-task.ts';
import type { IdempotentTaskDefinition, TaskDefinition } from './define-task.ts';
import type { IdempotentTask } from './idempotent-task.ts';

export const TASK_METADATA = 'bus:task';

type TaskClass<T> = abstract new (...args: never[]) => T;

/** Any handler but one that relies on an idempotency rule. */
type PlainTask<P extends object> = BaseTask<P, unknown> & {
  readonly [K in Exclude<keyof IdempotentTask<P>, keyof BaseTask<P>>]?: never;
};

/** Marks the class that runs a task. Provide it in a module of the app; the worker finds it there by itself. */
export function Task<P extends object>(
  task: IdempotentTaskDefinition<P>,
): (target: TaskClass<BaseTask<P, unknown>>) => void;
export function Task<P extends object>(task: TaskDefinition<P>): (target: TaskClass<PlainTask<P>>) => void;
export function Task<P extends object>(
  task: TaskDefinition<P>,
): (target: TaskClass<BaseTask<P, unknown>>) => void {
  const decorate = applyDecorators(Injectable(), SetMetadata(TASK_METADATA, task));
  return (target) => decorate(target);
}

/** The catalog entry of a handler's class. */
export function taskOf(handler: BaseTask<never, unknown>): TaskDefinition {
  const task = Reflect.getMetadata(TASK_METADATA, handler.constructor) as TaskDefinition | undefined;
  if (task === undefined) throw new TypeError(`${handler.constructor.name} is not marked with @Task`);
  return task;
}
