import { hasSensitiveFields } from '@bus/payload-schemas';
import { TaskHandlersIncompleteError } from '../task-base.errors.ts';
import { IdempotentTask } from '../tasks/idempotent-task.ts';
import type { TaskHandlers } from './task-handlers.ts';

/**
 * A worker can keep what its tasks promise: it has keys for sensitive parameters, a store for durable outcomes, and a rule
 * for every class that relies on one.
 *
 * @throws TaskHandlersIncompleteError naming every task for which it cannot
 */
export function requireTrust(
  handlers: TaskHandlers,
  { canSeal, isDurable }: { readonly canSeal: boolean; readonly isDurable: boolean },
): void {
  const problems: string[] = [];
  for (const { task, instance } of [...handlers.values()].flatMap((ofQueue) => [...ofQueue.values()])) {
    if (!canSeal && hasSensitiveFields(task.params)) {
      problems.push(
        `task '${task.name}' has sensitive parameters; import ChannelLayerModule, which has the keys`,
      );
    }
    if (!isDurable && task.idempotency?.durable === true) {
      problems.push(`task '${task.name}' is durable; give TaskWorkerModule an idempotencyStore`);
    }
    if (instance instanceof IdempotentTask && task.idempotency === undefined) {
      problems.push(
        `${instance.constructor.name} is an IdempotentTask; give '${task.name}' an idempotency rule`,
      );
    }
  }
  if (problems.length > 0) throw new TaskHandlersIncompleteError(problems);
}
