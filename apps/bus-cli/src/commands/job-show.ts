import type { Cancellation, JobRef } from '@bus/task-base';
import type { Report } from '../output/report.ts';
import { fields } from '../output/table.ts';
import type { Session } from '../session/session.ts';
import { queueNamed } from './filters.ts';
import { noSuchJob } from './job-named.ts';
import { cancellationText, jobDetails, withAge } from './job-tables.ts';

/** Everything stored about a job; of one that was cancelled and is gone, that. @throws NotFoundError */
export async function showJob(session: Session, id: string, queueName?: string): Promise<Report> {
  const queue = queueName === undefined ? undefined : await queueNamed(queueName);
  const jobs = await session.jobs();
  const job = await jobs.show(id, queue);
  if (job === undefined) {
    const gone = await jobs.cancellation(id, queue === undefined ? undefined : [queue]);
    if (gone === undefined) throw noSuchJob(id);
    return cancelledJob(gone);
  }
  const [work, catalog] = await Promise.all([jobs.workRecord(job), session.catalog()]);
  const runsIn = catalog.find(({ name }) => name === job.taskName)?.runsIn ?? null;
  return {
    data: { ...job, runsIn, work: work ?? null },
    text: (screen) => jobDetails(screen, job, { runsIn, work }),
  };
}

/** A cancel takes a job that waits out of Redis. */
function cancelledJob(gone: JobRef & { readonly cancellation: Cancellation }): Report {
  const { jobId, queue, cancellation } = gone;
  return {
    data: { ...gone, state: 'cancelled' },
    text: (screen) =>
      fields(screen, [
        ['job', jobId],
        ['queue', queue],
        ['state', { text: 'cancelled', style: 'bad' }],
        ['cancel', cancellationText(cancellation)],
        ['asked for', withAge(cancellation.requestedAt)],
      ]),
  };
}
