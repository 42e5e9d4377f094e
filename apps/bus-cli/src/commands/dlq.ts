import { Option, type Command } from 'commander';
import type { DeadLetterSearch, KeptDeadLetter } from '@bus/database';
import type { LetterOutcome } from '@bus/task-base';
import { NotFoundError, UsageError } from '../cli.errors.ts';
import type { CommandContext, CommandRunner } from '../command-runner.ts';
import { EXIT } from '../exit-codes.ts';
import type { Report } from '../output/report.ts';
import { counted } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import { letterDetails, letterTable, outcomeText } from './dlq-tables.ts';
import { addFilterOptions, hasFilter, paramsOf, type FilterOptions } from './filters.ts';
import { time, wholeNumber } from './option-values.ts';

interface LetterOptions extends FilterOptions {
  readonly job?: string;
  readonly reason?: string;
  readonly since?: Date;
  readonly until?: Date;
  readonly status?: 'open' | 'requeued' | 'discarded' | 'any';
  readonly all?: boolean;
}

type Deed = 'requeue' | 'discard';

/** Letters read at a time by a deed on many. */
const PAGE = 500;

export function addDeadLetterCommands(program: Command, runner: CommandRunner): void {
  const dlq = program.command('dlq').description('Dead letters: jobs that were given up.');

  addLetterOptions(dlq.command('list').description('dead letters, latest first'))
    .addOption(
      new Option('--status <status>', 'in this state')
        .choices(['open', 'requeued', 'discarded', 'any'])
        .default('open'),
    )
    .action((options: LetterOptions) =>
      runner.runWatchable(async ({ session }) => {
        const letters = await (
          await session.letters()
        ).search({ ...searchOf(options), limit: options.limit });
        return { data: { letters }, text: (screen) => letterTable(screen, letters, options.limit) };
      }),
    );

  dlq
    .command('show')
    .description('one dead letter, and where its job is now')
    .argument('<id>', 'number of the letter', wholeNumber)
    .action((id: number) => runner.run(({ session }) => show(session, id)));

  for (const deed of ['requeue', 'discard'] as const) {
    addLetterOptions(dlq.command(deed).description(DESCRIPTIONS[deed]))
      .argument('[ids...]', 'these letters; without, the open ones the options find', collectId)
      .option('--all', 'every open letter')
      .action((ids: number[] | undefined, options: LetterOptions) =>
        runner.run((context) => dealWith(context, deed, ids ?? [], options)),
      );
  }
}

const DESCRIPTIONS: Readonly<Record<Deed, string>> = {
  requeue: 'put the jobs of dead letters back into their queues',
  discard: 'close dead letters for good and remove their failed jobs',
};

function addLetterOptions(command: Command): Command {
  return addFilterOptions(command)
    .option('-j, --job <id>', 'of this job')
    .option('-r, --reason <code>', 'that failed for this reason')
    .option('--since <time>', 'that failed at or after this time (ISO 8601)', time)
    .option('--until <time>', 'that failed before this time (ISO 8601)', time);
}

function searchOf(options: LetterOptions): Omit<DeadLetterSearch, 'limit'> {
  const { queue, task, correlation, tenant, job, reason, since, until, status = 'open' } = options;
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(task === undefined ? {} : { taskName: task }),
    ...(correlation === undefined ? {} : { correlationId: correlation }),
    ...(tenant === undefined ? {} : { tenantId: tenant }),
    ...(job === undefined ? {} : { jobId: job }),
    ...(reason === undefined ? {} : { reason }),
    ...(since === undefined ? {} : { from: since }),
    ...(until === undefined ? {} : { to: until }),
    ...(status === 'any' ? {} : { status }),
    params: paramsOf({ ...options, tenant: undefined }),
  };
}

async function show(session: Session, id: number): Promise<Report> {
  const letter = await (await session.letters()).find(id);
  if (letter === undefined) throw new NotFoundError(`There is no dead letter ${id}.`);
  const job = await (await session.jobs()).show(letter.jobId);
  return {
    data: { letter, job: job ?? null },
    text: (screen) => letterDetails(screen, letter, job),
  };
}

async function dealWith(
  { session, confirm, record }: CommandContext,
  deed: Deed,
  ids: readonly number[],
  options: LetterOptions,
): Promise<Report> {
  const letters = await lettersMeant(session, ids, options);
  if (deed === 'discard' || letters.length > 1) {
    const what = counted(letters.length, 'dead letter');
    await confirm(deed === 'discard' ? `This discards ${what}, for good.` : `This requeues ${what}.`);
  }
  const desk = await session.letterDesk();
  const outcomes: { deadLetterId: number; outcome: LetterOutcome }[] = [];
  for (const { deadLetterId, correlationId } of letters) {
    const outcome = await (deed === 'requeue' ? desk.requeue(deadLetterId) : desk.discard(deadLetterId));
    outcomes.push({ deadLetterId, outcome });
    if (!isDone(outcome)) continue;
    await record({
      action: deed === 'requeue' ? 'dead_letter_requeued' : 'dead_letter_discarded',
      subjectType: 'dead_letter',
      subjectId: String(deadLetterId),
      ...(correlationId === null ? {} : { correlationId }),
      details: { outcome: outcome.kind },
    });
  }
  const done = outcomes.filter(({ outcome }) => isDone(outcome)).length;
  return {
    data: { done, outcomes },
    text: () =>
      [
        ...outcomes.map(({ deadLetterId, outcome }) => `${deadLetterId}: ${outcomeText(outcome)}`),
        `${done} of ${counted(outcomes.length, 'dead letter')} ${deed === 'requeue' ? 'requeued' : 'discarded'}.`,
      ].join('\n'),
    exitCode: done === outcomes.length ? EXIT.ok : EXIT.problem,
  };
}

function isDone({ kind }: LetterOutcome): boolean {
  return ['job-retried', 'job-enqueued', 'not-dead', 'discarded'].includes(kind);
}

async function lettersMeant(
  session: Session,
  ids: readonly number[],
  options: LetterOptions,
): Promise<Pick<KeptDeadLetter, 'deadLetterId' | 'correlationId'>[]> {
  const archive = await session.letters();
  if (ids.length > 0) {
    const found = await Promise.all(ids.map((id) => archive.find(id)));
    return ids.map((id, index) => found[index] ?? { deadLetterId: id, correlationId: null });
  }
  const { job, reason, since, until, all } = options;
  const isNarrowed = hasFilter(options) || [job, reason, since, until].some((one) => one !== undefined);
  if (!isNarrowed && all !== true) {
    throw new UsageError('Name the letters, say which with the options, or --all.');
  }
  const letters: KeptDeadLetter[] = [];
  for (
    let page: KeptDeadLetter[] = [], beforeId: number | undefined;
    ;
    beforeId = page.at(-1)?.deadLetterId
  ) {
    page = await archive.search({
      ...searchOf(options),
      limit: PAGE,
      ...(beforeId === undefined ? {} : { beforeId }),
    });
    letters.push(...page);
    if (page.length < PAGE) return letters;
  }
}

function collectId(text: string, earlier: number[] = []): number[] {
  return [...earlier, wholeNumber(text)];
}
