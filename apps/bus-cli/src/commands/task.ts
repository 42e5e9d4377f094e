import type { Command } from 'commander';
import type { TaskDefinition } from '@bus/task-base';
import { UsageError } from '../cli.errors.ts';
import type { CommandContext, CommandRunner } from '../command-runner.ts';
import type { Report } from '../output/report.ts';
import type { Session } from '../session/session.ts';
import { timeSpan } from './option-values.ts';
import { addParamsOptions, givenParams, type ParamsOptions } from './params-option.ts';
import { taskNamed } from './task-named.ts';
import { outcomeReport, waitForEnd } from './wait-for-end.ts';

interface RunOptions extends ParamsOptions {
  readonly id?: string;
  readonly correlation?: string;
  readonly delay?: number;
  /** True: as long as it takes. */
  readonly wait?: number | true;
}

export function addTaskCommands(program: Command, runner: CommandRunner): void {
  const task = program.command('task').description('Tasks of the catalog.');

  addParamsOptions(
    task
      .command('run')
      .description('enqueue a task; its parameters are checked first, and secret ones are sealed')
      .argument('<name>'),
  )
    .option('--id <id>', 'name the work: while a job with this id exists, another adds nothing')
    .option('--correlation <id>', 'correlation id to run under')
    .option('--delay <time>', 'start this much later at the earliest: 30, 5m, 2h', timeSpan)
    .option(
      '--wait [time]',
      'show its progress until it has ended, or for this long; exit code 1 unless it completes',
      timeSpan,
    )
    .action((name: string, options: RunOptions) => runner.run((context) => runTask(context, name, options)));
}

async function runTask(context: CommandContext, name: string, options: RunOptions): Promise<Report> {
  const { session, record } = context;
  const task = await taskNamed(session, name);
  const params = givenParams(options) ?? {};
  await check(task, params);
  await requireKeys(session, task);
  const client = await session.tasks();
  const receipt = await client.enqueue(task, params, {
    ...(options.id === undefined ? {} : { jobId: options.id }),
    ...(options.correlation === undefined ? {} : { correlationId: options.correlation }),
    ...(options.delay === undefined ? {} : { delayMs: options.delay * 1_000 }),
  });
  await record({
    action: 'task_enqueued',
    subjectType: 'job',
    subjectId: receipt.jobId,
    details: { task: name },
  });
  const said = receipt.duplicate ? 'is there already; nothing was added' : `waits in ${task.queue}`;
  const line = `${receipt.jobId} ${said}.`;
  const data = { ...receipt, task: name, queue: task.queue };
  if (options.wait === undefined) return { data, text: () => line };
  context.note(line);
  const outcome = await waitForEnd(context, { jobId: receipt.jobId, queue: task.queue }, options.wait);
  return outcomeReport(receipt.jobId, outcome, data);
}

/** @throws UsageError with every field that does not fit, so that one correction is enough */
async function check(task: TaskDefinition, params: object): Promise<void> {
  const { validatePayload } = await import('@bus/payload-schemas');
  const validation = validatePayload(task.params, params);
  if (validation.ok) return;
  const problems = validation.problems.map(({ field, reason }) => `  ${field}: ${reason}`);
  throw new UsageError(`The parameters of ${task.name} do not fit:\n${problems.join('\n')}`);
}

/** @throws UsageError when the task has parameters that cannot be sealed here */
async function requireKeys(session: Session, task: TaskDefinition): Promise<void> {
  const { hasSensitiveFields } = await import('@bus/payload-schemas');
  if (!hasSensitiveFields(task.params) || (await session.sealer()) !== undefined) return;
  throw new UsageError(
    `${task.name} has secret parameters, which are sealed with the keys of the bus, and those are not known here. Nothing was enqueued.`,
    'set CHANNELS_ENCRYPTION_KEYS, and CHANNELS_ROUTING_KEY where the apps have one, to the values of the apps',
  );
}
