import type { JobView } from '@bus/task-base';
import { NotFoundError } from '../cli.errors.ts';
import type { Session } from '../session/session.ts';
import { queueNamed } from './filters.ts';

/** @throws NotFoundError when no queue has it */
export async function jobNamed(session: Session, id: string, queueName?: string): Promise<JobView> {
  const queue = queueName === undefined ? undefined : await queueNamed(queueName);
  const found = await (await session.jobs()).show(id, queue);
  if (found !== undefined) return found;
  throw noSuchJob(id);
}

export function noSuchJob(id: string): NotFoundError {
  return new NotFoundError(
    `No queue has a job '${id}'.`,
    'finished jobs are kept for a while only; a failed one may be among the dead letters: bus dlq list --job',
  );
}
