import { Option, type Command } from 'commander';
import type { JobSearch, JobState, JobView, RetryOutcome } from '@bus/task-base';
import { UsageError } from '../cli.errors.ts';
import type { CommandContext, CommandRunner } from '../command-runner.ts';
import { EXIT } from '../exit-codes.ts';
import { counted } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import { addFilterOptions, hasFilter, paramsOf, queueNamed, type FilterOptions } from './filters.ts';
import { cancelJob, type CancelOptions } from './job-cancel.ts';
import { jobNamed } from './job-named.ts';
import { showJob } from './job-show.ts';
import { jobTable } from './job-tables.ts';
import { timeSpan } from './option-values.ts';
import { trace } from './trace.ts';

/** As the command line names them; of BullMQ's two waiting states nobody needs to know. */
const STATES: Readonly<Record<string, readonly JobState[]>> = {
  waiting: ['waiting', 'prioritized'],
  delayed: ['delayed'],
  active: ['active'],
  failed: ['failed'],
  completed: ['completed'],
};

export function addJobCommands(program: Command, runner: CommandRunner): void {
  const job = program.command('job').description('Single jobs: find, look, run again.');

  addFilterOptions(job.command('find').description('jobs by task, parameter, tenant or correlation id'))
    .addOption(new Option('-s, --state <state>', 'in this state only').choices(Object.keys(STATES)))
    .action((options: FilterOptions & { state?: string }) =>
      runner.runWatchable(async ({ session }) => {
        const states = options.state === undefined ? undefined : STATES[options.state];
        const found = await (await session.jobs()).find(await searchOf(options, states));
        return {
          data: found,
          text: (screen) =>
            `${jobTable(screen, found.jobs)}\n${foundLine(found.jobs.length, found.isCut, options.limit)}`,
        };
      }),
    );

  job
    .command('show')
    .description('everything stored about one job')
    .argument('<id>')
    .option('-q, --queue <queue>', 'look in this queue only')
    .action((id: string, options: { queue?: string }) =>
      runner.runWatchable(({ session }) => showJob(session, id, options.queue)),
    );

  addFilterOptions(
    job.command('retry').description('let jobs that failed for good run again, with all their attempts'),
  )
    .argument('[ids...]', 'these jobs; without, the failed ones the options find')
    .action((ids: string[], options: FilterOptions) => runner.run((context) => retry(context, ids, options)));

  job
    .command('cancel')
    .description('take a job out of its queue, or end its run; exit code 1 when it had ended by itself')
    .argument('<id>')
    .option('-q, --queue <queue>', 'look in this queue only')
    .option('--reason <text>', 'why, for those who find it later')
    .option('--wait <time>', 'wait this long for a run to end: 10, 1m', timeSpan)
    .action((id: string, options: CancelOptions) => runner.run((context) => cancelJob(context, id, options)));

  job
    .command('trace')
    .description('what happened to a piece of work, in order, across queues')
    .argument('<id>', 'of a job, or a correlation id')
    .action((id: string) => runner.runWatchable(({ session }) => trace(session, id)));
}

export async function searchOf(options: FilterOptions, states?: readonly JobState[]): Promise<JobSearch> {
  const { queue, task, correlation, limit } = options;
  return {
    ...(queue === undefined ? {} : { queues: [await queueNamed(queue)] }),
    ...(states === undefined ? {} : { states }),
    ...(task === undefined ? {} : { taskName: task }),
    ...(correlation === undefined ? {} : { correlationId: correlation }),
    params: paramsOf(options),
    limit,
  };
}

export function foundLine(count: number, isCut: boolean, limit: number): string {
  if (isCut) return `The first ${limit}; there are more (--limit).`;
  return count === 0 ? 'None found.' : `${counted(count, 'job')}.`;
}

async function retry(
  { session, confirm, record }: CommandContext,
  ids: readonly string[],
  options: FilterOptions,
) {
  const admin = await session.jobs();
  const jobs = await jobsToRetry(session, ids, options);
  if (jobs.length > 1) await confirm(`This runs ${counted(jobs.length, 'failed job')} again.`);
  const outcomes: { jobId: string; queue: string; outcome: RetryOutcome }[] = [];
  for (const job of jobs) {
    const outcome = await admin.retry(job);
    outcomes.push({ jobId: job.jobId, queue: job.queue, outcome });
    if (outcome !== 'retried') continue;
    await record({
      action: 'job_retried',
      subjectType: 'job',
      subjectId: job.jobId,
      ...(job.correlationId === null ? {} : { correlationId: job.correlationId }),
      details: { queue: job.queue },
    });
  }
  const retried = outcomes.filter(({ outcome }) => outcome === 'retried').length;
  const others = outcomes.filter(({ outcome }) => outcome !== 'retried');
  return {
    data: { retried, outcomes },
    text: () =>
      [
        `${counted(retried, 'job')} put back into the queue.`,
        ...others.map(({ jobId, outcome }) => `${jobId}: ${WHY_NOT[outcome]}`),
      ].join('\n'),
    exitCode: others.length > 0 ? EXIT.problem : EXIT.ok,
  };
}

const WHY_NOT: Readonly<Record<RetryOutcome, string>> = {
  retried: 'retried',
  'not-failed': 'has not failed, or runs again already',
  gone: 'is gone',
};

async function jobsToRetry(
  session: Session,
  ids: readonly string[],
  options: FilterOptions,
): Promise<JobView[]> {
  if (ids.length > 0) return Promise.all(ids.map((id) => jobNamed(session, id, options.queue)));
  if (!hasFilter(options))
    throw new UsageError('Name the jobs, or say which with --queue, --task or --param.');
  const { jobs } = await (await session.jobs()).find(await searchOf(options, ['failed']));
  return jobs;
}
