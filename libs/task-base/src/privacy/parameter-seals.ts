import type { ValueSealer } from '@bus/channel-layer';
import { hasSensitiveFields, isPlainObject, mapSensitive } from '@bus/payload-schemas';
import { TaskParamsSealedError, TaskSealingUnavailableError } from '../task-base.errors.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';

/** What lies in Redis in the place of a sensitive parameter. */
interface SealedParameter {
  /** base64url, see `ValueSealer`. */
  readonly sealed: string;
}

export function isSealed(value: unknown): value is SealedParameter {
  return isPlainObject(value) && typeof value['sealed'] === 'string' && Object.keys(value).length === 1;
}

/**
 * The parameters as they may lie in Redis: every sensitive one sealed, bound to its task, field and job.
 *
 * @throws TaskSealingUnavailableError when the task has sensitive parameters and this process no keys
 */
export function sealParams<P extends object>(
  task: TaskDefinition<P>,
  jobId: string,
  params: P,
  sealer: ValueSealer | undefined,
): P {
  if (!hasSensitiveFields(task.params)) return params;
  if (sealer === undefined) throw new TaskSealingUnavailableError(task.name);
  return mapSensitive(task.params, params, (value, path) => ({
    sealed: sealer.seal(placeOf(task, path, jobId), JSON.stringify(value)),
  }));
}

/**
 * The parameters as the task gets them; `onOpened` hears every sensitive value. One that lies open, from a producer for which the
 * field was not sensitive yet, is taken as it is: a seal keeps a value secret, it is no proof of where a job comes from.
 *
 * @throws TaskParamsSealedError naming the field that does not open
 */
export function openParams(
  task: TaskDefinition,
  jobId: string,
  params: unknown,
  sealer: ValueSealer | undefined,
  onOpened: (value: unknown) => void,
): unknown {
  if (!hasSensitiveFields(task.params) || !isPlainObject(params)) return params;
  return mapSensitive(task.params, params, (value, path) => {
    const open = isSealed(value) ? openOne(task, jobId, path, value, sealer) : value;
    onOpened(open);
    return open;
  });
}

function openOne(
  task: TaskDefinition,
  jobId: string,
  path: string,
  { sealed }: SealedParameter,
  sealer: ValueSealer | undefined,
): unknown {
  const opened = sealer?.open(placeOf(task, path, jobId), sealed);
  if (opened?.ok !== true) throw new TaskParamsSealedError(task.name, path);
  return JSON.parse(opened.text) as unknown;
}

function placeOf(task: TaskDefinition, path: string, jobId: string): string {
  return `parameter ${JSON.stringify([task.name, path, jobId])}`;
}
