import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { TaskDefinition } from '@bus/task-base';
import { UsageError } from '../cli.errors.ts';
import type { CommandContext, CommandRunner } from '../command-runner.ts';
import type { Report } from '../output/report.ts';
import { collectParam } from './filters.ts';
import { taskNamed } from './task-named.ts';

interface RunOptions {
  readonly params?: string;
  readonly param?: Readonly<Record<string, string>>;
  readonly id?: string;
  readonly correlation?: string;
  readonly delay?: number;
}

export function addTaskCommands(program: Command, runner: CommandRunner): void {
  const task = program.command('task').description('Tasks of the catalog.');

  task
    .command('run')
    .description('enqueue a task; its parameters are checked first')
    .argument('<name>')
    .option('--params <json>', 'all parameters as a JSON object, - to read it from standard input')
    .option('-p, --param <field=value>', 'one parameter, JSON or text; may be repeated', collectParam)
    .option('--id <id>', 'name the work: while a job with this id exists, another adds nothing')
    .option('--correlation <id>', 'correlation id to run under')
    .option('--delay <seconds>', 'start this much later at the earliest', seconds)
    .action((name: string, options: RunOptions) => runner.run((context) => runTask(context, name, options)));
}

async function runTask(
  { session, record }: CommandContext,
  name: string,
  options: RunOptions,
): Promise<Report> {
  const task = await taskNamed(name);
  const params = paramsFrom(options);
  await check(task, params);
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
  return {
    data: { ...receipt, task: name, queue: task.queue },
    text: () => `${receipt.jobId} ${said}.`,
  };
}

/** @throws UsageError with every field that does not fit, so that one correction is enough */
async function check(task: TaskDefinition, params: object): Promise<void> {
  const { validatePayload } = await import('@bus/payload-schemas');
  const validation = validatePayload(task.params, params);
  if (validation.ok) return;
  const problems = validation.problems.map(({ field, reason }) => `  ${field}: ${reason}`);
  throw new UsageError(`The parameters of ${task.name} do not fit:\n${problems.join('\n')}`);
}

function paramsFrom({ params, param = {} }: RunOptions): Record<string, unknown> {
  const whole = params === undefined ? {} : jsonObject(params === '-' ? readFileSync(0, 'utf8') : params);
  for (const [path, text] of Object.entries(param)) setAt(whole, path.split('.'), jsonOrText(text));
  return whole;
}

function jsonObject(text: string): Record<string, unknown> {
  const value = jsonOrText(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError('--params must be a JSON object.', `such as '{"field": "value"}'`);
  }
  return value as Record<string, unknown>;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function setAt(
  target: Record<string, unknown>,
  [step = '', ...rest]: readonly string[],
  value: unknown,
): void {
  const isUsable = step !== '__proto__';
  if (!isUsable) throw new UsageError(`'${step}' is no field.`);
  if (rest.length === 0) {
    target[step] = value;
    return;
  }
  const inner = Object.hasOwn(target, step) ? target[step] : undefined;
  const next = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
  target[step] = next;
  setAt(next, rest, value);
}

function seconds(text: string): number {
  const number = Number(text);
  if (!(number >= 0 && number <= 31_536_000))
    throw new UsageError('--delay must be seconds, at most a year.');
  return number;
}
