import { redact } from '@bus/observability';
import { isPlainObject, mapSensitive } from '@bus/payload-schemas';
import { SEALED, withoutSeals } from '../admin/sealed-values.ts';
import { TASK_CATALOG } from '../catalog/task-catalog.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';

/**
 * Parameters of a stored job as people may see them: sensitive ones as '[sealed]', whether they lie sealed or open, and
 * everything else without secrets. Takes anything, also what is no job of ours.
 */
export function shownParams(
  taskName: string | undefined,
  params: unknown,
  catalog: readonly TaskDefinition[] = TASK_CATALOG,
): unknown {
  const task = catalog.find(({ name }) => name === taskName);
  const masked =
    task !== undefined && isPlainObject(params) ? mapSensitive(task.params, params, () => SEALED) : params;
  return withoutSeals(redact(masked));
}
