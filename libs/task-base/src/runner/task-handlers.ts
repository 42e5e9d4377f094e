import type { DiscoveryService } from '@nestjs/core';
import type { TaskHandler } from '../chain/task-run.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import { TaskHandlersIncompleteError } from '../task-base.errors.ts';
import { ChildProcessTask } from '../child/child-process-task.ts';
import { BaseTask } from '../tasks/base-task.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { TASK_METADATA } from '../tasks/task.decorator.ts';

/** The handlers of one worker process by queue and task name. */
export type TaskHandlers = ReadonlyMap<QueueName, ReadonlyMap<string, TaskHandler>>;

interface FoundHandler extends TaskHandler {
  readonly className: string;
}

/**
 * Finds the classes marked with `@Task` and matches them with the catalog.
 *
 * @throws TaskHandlersIncompleteError naming every task of these queues without a handler or with two, every handler of a task
 * the catalog does not have, and every task name used twice
 */
export function collectHandlers(
  discovery: DiscoveryService,
  catalog: readonly TaskDefinition[],
  queues: readonly QueueName[],
): TaskHandlers {
  const found = findHandlers(discovery);
  const wanted = catalog.filter(({ queue }) => queues.includes(queue));
  const problems = [
    ...repeatedNames(catalog),
    ...wanted.flatMap((task) => problemOf(task, found)),
    ...found.filter(({ task }) => !catalog.includes(task)).map(outsideCatalog),
  ];
  if (problems.length > 0) throw new TaskHandlersIncompleteError(problems);
  return new Map(queues.map((queue) => [queue, handlersOf(queue, found)]));
}

function handlersOf(queue: QueueName, found: readonly FoundHandler[]): ReadonlyMap<string, TaskHandler> {
  return new Map(
    found.filter(({ task }) => task.queue === queue).map((handler) => [handler.task.name, handler]),
  );
}

function findHandlers(discovery: DiscoveryService): FoundHandler[] {
  const found = new Map<object, FoundHandler>();
  for (const { instance, metatype } of discovery.getProviders()) {
    if (typeof metatype !== 'function') continue;
    const task = Reflect.getMetadata(TASK_METADATA, metatype) as TaskDefinition | undefined;
    // A provider exported to other modules is listed once for each: same instance, one handler.
    if (task !== undefined && instance instanceof BaseTask) {
      found.set(instance, { task, instance, className: metatype.name });
    }
  }
  return [...found.values()];
}

function repeatedNames(catalog: readonly TaskDefinition[]): string[] {
  const names = catalog.map(({ name }) => name);
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...repeated].map((name) => `the catalog has two tasks named '${name}'; rename one`);
}

function problemOf(task: TaskDefinition, found: readonly FoundHandler[]): string[] {
  const handlers = found.filter((handler) => handler.task.name === task.name);
  const [handler] = handlers;
  if (handlers.length === 1 && handler !== undefined) return wrongPlace(task, handler);
  if (handlers.length === 0) {
    return [
      `task '${task.name}' of queue '${task.queue}' has no handler; provide a class marked with ` +
        `@Task(${task.name.toUpperCase()}) in a module of this app, or leave the queue out of this worker`,
    ];
  }
  const classes = handlers.map(({ className }) => className).join(' and ');
  return [`task '${task.name}' has ${handlers.length} handlers, ${classes}; keep one`];
}

/** The catalog and the class must agree about where the work runs. */
function wrongPlace({ name, runsIn }: TaskDefinition, { instance, className }: FoundHandler): string[] {
  const isForChild = instance instanceof ChildProcessTask;
  if (isForChild === (runsIn !== 'worker')) return [];
  return isForChild
    ? [
        `${className} is a ChildProcessTask; say \`runsIn: { child: { maxMemoryMiB } }\` in the catalog entry of '${name}'`,
      ]
    : [`task '${name}' runs in a child process; let ${className} extend ChildProcessTask`];
}

function outsideCatalog({ className, task }: FoundHandler): string {
  return `${className} handles '${task.name}', which is not in the catalog; add the definition to TASK_CATALOG`;
}
