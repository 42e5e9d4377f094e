import type { JobView, WorkRecord } from '@bus/task-base';
import { NotFoundError } from '../cli.errors.ts';
import type { Report } from '../output/report.ts';
import { fields } from '../output/table.ts';
import { moment } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import { stepTable, traceStepOf, type TraceStep } from './job-tables.ts';
import { storedSteps } from './trace-steps.ts';

/**
 * Everything known about one piece of work, oldest first: from Redis what its jobs went through, from Postgres its dead letters and
 * what people did with it. Postgres is not needed; without it the trace says what is missing.
 */
export async function trace(session: Session, id: string): Promise<Report> {
  const { correlationId, jobs, steps } = await (await session.jobs()).steps(id);
  const [stored, works] = await Promise.all([
    storedSteps(session, id, correlationId, jobs),
    worksOf(session, jobs),
  ]);
  const own = steps.map((step) => withOrigin(traceStepOf(step), works.get(step.jobId)));
  const all = [...own, ...stored.steps].toSorted((one, other) => one.at.getTime() - other.at.getTime());
  if (all.length === 0) {
    throw new NotFoundError(
      `Nothing is known of '${id}'.${stored.missing === undefined ? '' : ` ${stored.missing}`}`,
      'finished jobs are kept for a while only',
    );
  }
  const tasks = [...new Set(jobs.map(({ taskName }) => taskName))];
  return {
    data: {
      correlationId,
      jobs,
      steps: all,
      ...(stored.missing === undefined ? {} : { missing: stored.missing }),
    },
    text: (screen) =>
      [
        fields(screen, [
          ['correlation id', correlationId],
          ['tasks', tasks.join(', ') || '-'],
          ['jobs in Redis', jobs.length],
          ['began', moment(all[0]?.at ?? null)],
        ]),
        '',
        stepTable(screen, all),
        ...(stored.missing === undefined ? [] : ['', stored.missing]),
      ].join('\n'),
  };
}

/** What is known of the idempotent work of each job. */
async function worksOf(session: Session, jobs: readonly JobView[]): Promise<Map<string, WorkRecord>> {
  const admin = await session.jobs();
  const works = await Promise.all(jobs.map((job) => admin.workRecord(job)));
  return new Map(
    jobs.flatMap(({ jobId }, index) => {
      const work = works[index];
      return work === undefined ? [] : [[jobId, work] as const];
    }),
  );
}

/** A job of work that another job has done was not run: it got that one's outcome. */
function withOrigin(step: TraceStep, work: WorkRecord | undefined): TraceStep {
  const isReplayed =
    step.what === 'completed' && work?.state === 'done' && work.jobId !== null && work.jobId !== step.where;
  return isReplayed ? { ...step, detail: `with the outcome of ${work.jobId}` } : step;
}
