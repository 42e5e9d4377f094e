import { createHash } from 'node:crypto';
import type { ValueSealer } from '@bus/channel-layer';
import { hasSensitiveFields } from '@bus/payload-schemas';
import { TaskParamsInvalidError, TaskSealingUnavailableError } from '../task-base.errors.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { canonicalJson } from './canonical-json.ts';
import { SCOPE_FIELDS } from './idempotency-rule.ts';

/**
 * The name of a piece of work: a hash of the task, its scope and what counts of its checked parameters; undefined for a task
 * without an idempotency rule. Each run of a schedule is work of its own, though its parameters are those of the run before.
 * With sensitive parameters the hash is keyed, so that nobody who reads the names in Redis can find out short values by
 * trying.
 *
 * @throws TaskParamsInvalidError when the parameters do not say whose work it is
 */
export function idempotencyKeyOf<P extends object>(
  task: TaskDefinition<P>,
  params: P,
  sealer: ValueSealer | undefined,
  scheduleRunId?: string,
): string | undefined {
  const rule = task.idempotency;
  if (rule === undefined) return undefined;
  const whose = ownerOf(task, params);
  const work = canonicalJson([
    task.name,
    rule.scope,
    whose,
    rule.key === undefined ? params : rule.key(params),
    // Left out, not empty: the names of all other work stay as they are in Redis and Postgres.
    ...(scheduleRunId === undefined ? [] : [scheduleRunId]),
  ]);
  if (!hasSensitiveFields(task.params)) return createHash('sha256').update(work).digest('hex');
  if (sealer === undefined) throw new TaskSealingUnavailableError(task.name);
  return sealer.fingerprint(work);
}

function ownerOf(task: TaskDefinition, params: object): unknown {
  const scope = task.idempotency?.scope ?? 'global';
  const field = SCOPE_FIELDS[scope];
  if (field === undefined) return null;
  const owner = (params as Record<string, unknown>)[field] ?? undefined;
  if (owner === undefined) {
    // Without it, all who do not say who they are would share one outcome.
    throw new TaskParamsInvalidError(task.name, [
      { field, reason: `is missing; the task is done once per ${scope}` },
    ]);
  }
  return owner;
}
