import type { Command } from 'commander';
import type { Schedule } from '@bus/task-base';
import { UsageError } from '../cli.errors.ts';
import type { CommandContext, CommandRunner } from '../command-runner.ts';
import type { Report } from '../output/report.ts';
import { counted } from '../output/words.ts';
import { wholeNumber } from './option-values.ts';
import { addParamsOptions, givenParams, type ParamsOptions } from './params-option.ts';
import { askedOf, shownSchedule } from './schedule-desk.ts';
import { addScheduleOptions, definitionOf, type ScheduleOptions } from './schedule-options.ts';
import { nextSlots, scheduleDetails, scheduleTable } from './schedule-tables.ts';
import { taskNamed } from './task-named.ts';

const DEFAULT_RUNS = 20;

export function addScheduleCommands(program: Command, runner: CommandRunner): void {
  const schedule = program.command('schedule').description('Schedules: tasks by the clock.');

  schedule
    .command('list')
    .description('every schedule with its next slot')
    .action(() => runner.runWatchable(list));

  schedule
    .command('show')
    .description('one schedule with its next slots and its latest runs')
    .argument('<name>')
    .option('-n, --limit <count>', 'so many runs', wholeNumber, DEFAULT_RUNS)
    .action((name: string, { limit }: { limit: number }) =>
      runner.runWatchable((context) => show(context, name, limit)),
    );

  addScheduleOptions(
    schedule
      .command('add')
      .description('run a task by the clock; what cannot work is named field by field')
      .argument('<name>')
      .argument('<task>'),
  )
    .option('--paused', 'have no slot before bus schedule resume')
    .action((name: string, task: string, options: ScheduleOptions & { paused?: boolean }) =>
      runner.run((context) => add(context, name, task, options)),
    );

  addScheduleOptions(
    schedule.command('set').description('change what is given; the rest stays').argument('<name>'),
  )
    .option('--task <name>', 'run this task')
    .action((name: string, options: ScheduleOptions & { task?: string }) =>
      runner.run((context) => set(context, name, options)),
    );

  schedule
    .command('pause')
    .description('no further slots until resume; what runs goes on')
    .argument('<name...>')
    .action((names: string[]) => runner.run((context) => turn(context, names, 'pause')));

  schedule
    .command('resume')
    .description('slots again, from now on; those of the pause are not caught up')
    .argument('<name...>')
    .action((names: string[]) => runner.run((context) => turn(context, names, 'resume')));

  addParamsOptions(
    schedule
      .command('run')
      .description('one run now, paused or not; parameters given here count this once')
      .argument('<name>'),
  ).action((name: string, options: ParamsOptions) =>
    runner.run((context) => runOnce(context, name, options)),
  );

  schedule
    .command('delete')
    .description('remove schedules with the record of their runs; what runs goes on')
    .argument('<name...>')
    .action((names: string[]) => runner.run((context) => remove(context, names)));
}

async function list({ session }: CommandContext): Promise<Report> {
  const admin = await session.schedules();
  const schedules = await Promise.all((await admin.list()).map((one) => shownSchedule(session, one, 1)));
  return { data: { schedules }, text: (screen) => scheduleTable(screen, schedules) };
}

async function show({ session }: CommandContext, name: string, limit: number): Promise<Report> {
  const [schedule, runs] = await askedOf(session, (admin) =>
    Promise.all([admin.get(name), admin.history(name, limit)]),
  );
  const shown = await shownSchedule(session, schedule);
  return { data: { ...shown, runs }, text: (screen) => scheduleDetails(screen, shown, runs) };
}

async function add(
  context: CommandContext,
  name: string,
  taskName: string,
  options: ScheduleOptions & { paused?: boolean },
): Promise<Report> {
  const { session, record } = context;
  await taskNamed(session, taskName);
  const definition = definitionOf(options);
  const schedule = await askedOf(session, (admin) =>
    admin.add({
      name,
      taskName,
      ...definition,
      enabled: options.paused !== true,
      createdBy: session.actor,
    }),
  );
  await record(auditLine('schedule_added', name, { taskName, ...fieldNames(definition) }));
  return changed(context, schedule, `Added ${name}.`);
}

async function set(
  context: CommandContext,
  name: string,
  options: ScheduleOptions & { task?: string },
): Promise<Report> {
  const { session, record } = context;
  const { schedule, definition } = await askedOf(session, async (admin) => {
    const before = await admin.get(name);
    const changes = definitionOf(options, before.params);
    if (options.task !== undefined) await taskNamed(session, options.task);
    const wanted = { ...changes, ...(options.task === undefined ? {} : { taskName: options.task }) };
    if (Object.keys(wanted).length === 0)
      throw new UsageError('Say what to change; see bus schedule set --help.');
    return { schedule: await admin.set(name, wanted), definition: wanted };
  });
  await record(auditLine('schedule_changed', name, fieldNames(definition)));
  return changed(context, schedule, `Changed ${name}.`);
}

async function turn(
  context: CommandContext,
  names: readonly string[],
  deed: 'pause' | 'resume',
): Promise<Report> {
  const { session, record } = context;
  const schedules: Schedule[] = [];
  for (const name of names) {
    schedules.push(await askedOf(session, (admin) => admin[deed](name)));
    await record(auditLine(deed === 'pause' ? 'schedule_paused' : 'schedule_resumed', name));
  }
  const shown = await Promise.all(schedules.map((one) => shownSchedule(session, one, 1)));
  return { data: { schedules: shown }, text: (screen) => scheduleTable(screen, shown) };
}

async function runOnce(
  { session, record }: CommandContext,
  name: string,
  options: ParamsOptions,
): Promise<Report> {
  const run = await askedOf(session, async (admin) => {
    const params = givenParams(options, (await admin.get(name)).params);
    return admin.run(name, params === undefined ? {} : { params });
  });
  await record(auditLine('schedule_run_asked', name, { runId: run.runId }));
  return {
    data: run,
    text: () =>
      `Run ${run.runId} of ${name} is due; a worker takes it up within a second or two.\nSee: bus schedule show ${name}`,
  };
}

async function remove(
  { session, confirm, record }: CommandContext,
  names: readonly string[],
): Promise<Report> {
  // All are looked up first: a mistyped name deletes nothing.
  for (const name of names) await askedOf(session, (admin) => admin.get(name));
  await confirm(
    `This deletes ${counted(names.length, 'schedule')} (${names.join(', ')}) with the record of the runs, for good.`,
  );
  for (const name of names) {
    await askedOf(session, (admin) => admin.delete(name));
    await record(auditLine('schedule_deleted', name));
  }
  return { data: { deleted: names }, text: () => `Deleted ${names.join(', ')}.` };
}

async function changed({ session }: CommandContext, schedule: Schedule, said: string): Promise<Report> {
  const shown = await shownSchedule(session, schedule);
  return { data: shown, text: (screen) => `${said}\n\n${nextSlots(screen, shown)}` };
}

function auditLine(action: string, name: string, details: Record<string, unknown> = {}) {
  return { action, subjectType: 'schedule', subjectId: name, details };
}

/** Which fields, not their values: parameters may be secret. */
function fieldNames(definition: object): { fields: string[] } {
  return { fields: Object.keys(definition) };
}
