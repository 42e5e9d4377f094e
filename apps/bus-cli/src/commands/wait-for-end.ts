import type { JobRef, JobView, TaskOutcome } from '@bus/task-base';
import type { CommandContext } from '../command-runner.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../output/printable.ts';
import type { Report } from '../output/report.ts';
import { paint, type Screen } from '../output/screen.ts';
import { oneLine } from '../output/words.ts';
import { progressOf } from './job-tables.ts';

/** Between two looks at what is told on the way. */
const LOOK_EVERY_MS = 500;

/**
 * Waits until the job has ended, for `limitSeconds` or as long as it takes, and tells on the way where it is. Ctrl-C ends the waiting,
 * not the job.
 */
export async function waitForEnd(
  { session, note, interruption }: CommandContext,
  job: JobRef,
  limitSeconds: number | true,
): Promise<TaskOutcome> {
  const [{ isFinalOutcome }, client, jobs] = await Promise.all([
    import('@bus/task-base'),
    session.tasks(),
    session.jobs(),
  ]);
  const stopped = interruption();
  const deadline = limitSeconds === true ? Infinity : Date.now() + limitSeconds * 1_000;
  let told = '';
  for (;;) {
    const leftMs = deadline - Date.now();
    const outcome = await client.waitForOutcome(job, { timeoutMs: Math.min(LOOK_EVERY_MS, leftMs) });
    if (isFinalOutcome(outcome) || leftMs <= 0 || stopped.aborted) return outcome;
    const line = printable(wayLine(outcome, await jobs.show(job.jobId, job.queue)));
    if (line !== told) note(`  ${line}`);
    told = line;
  }
}

/** Where the job is on its way. */
function wayLine(outcome: TaskOutcome, job: JobView | undefined): string {
  switch (outcome.state) {
    case 'running':
      return outcome.isCancelRequested ? 'is being cancelled' : runLine(outcome.progress, job);
    case 'delayed':
      return delayLine(job);
    default:
      return outcome.state;
  }
}

function runLine(progress: unknown, job: JobView | undefined): string {
  const { worker = null, starts = 0 } = job ?? {};
  const where = worker === null ? '' : ` on ${worker}`;
  const attempt = starts > 1 ? `, start ${starts}` : '';
  const isSilent = progress === 0 || progress === null;
  return `running${where}${attempt}${isSilent ? '' : `: ${progressOf(progress)}`}`;
}

function delayLine(job: JobView | undefined): string {
  const { parking = null, runsAt = null, attempts = 0, failure = null } = job ?? {};
  if (parking !== null) return `parked: the circuit of ${parking.service} is not closed`;
  const at = runsAt === null ? '' : ` at ${runsAt.toISOString().slice(11, 19)}Z`;
  if (attempts === 0) return `waits for its time${at}`;
  const why = failure === null ? '' : ` (${failure.reason}: ${failure.detail})`;
  return `attempt ${attempts} of ${job?.maxAttempts} failed${why}; the next is${at || ' soon'}`;
}

/** What became of the job, with the exit code that says so. */
export function outcomeReport(jobId: string, outcome: TaskOutcome, data: object): Report {
  return {
    data: { ...data, outcome },
    text: (screen) => outcomeText(screen, jobId, outcome),
    exitCode: outcome.state === 'completed' ? EXIT.ok : EXIT.problem,
  };
}

function outcomeText(screen: Screen, jobId: string, outcome: TaskOutcome): string {
  switch (outcome.state) {
    case 'completed': {
      const result = outcome.result === null ? '' : `: ${printable(oneLine(outcome.result))}`;
      return `${paint(screen, 'good', 'completed')}${result}`;
    }
    case 'failed':
      return `${paint(screen, 'bad', 'failed')} ${printable(`${outcome.reason}: ${outcome.detail}`)}\nSee: bus job show ${jobId}`;
    case 'cancelled': {
      const { by, reason } = outcome.cancellation;
      const who = by === null ? '' : ` by ${by}`;
      return `${paint(screen, 'bad', 'cancelled')}${printable(`${who}${reason === null ? '' : `: ${reason}`}`)}`;
    }
    case 'not_found':
      return `${paint(screen, 'bad', 'gone')}: somebody has removed the job`;
    case 'waiting':
    case 'delayed':
    case 'running':
      return `${paint(screen, 'warning', `still ${outcome.state}`)}; it goes on without you. See: bus job show ${jobId}`;
    default:
      return outcome satisfies never;
  }
}
