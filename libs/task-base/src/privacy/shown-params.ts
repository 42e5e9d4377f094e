import { redact } from '@bus/observability';
import { isPlainObject, mapSensitive } from '@bus/payload-schemas';
import { TASK_CATALOG } from '../catalog/task-catalog.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { isSealed } from './parameter-seals.ts';

/** Stands for a sensitive parameter where people look at jobs. */
export const SEALED = '[sealed]';

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

/** Seals of tasks this process does not know. The depth is bounded by `redact`. */
function withoutSeals(value: unknown): unknown {
  if (isSealed(value)) return SEALED;
  if (Array.isArray(value)) return value.map(withoutSeals);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withoutSeals(field)]));
}
