import type { Command } from 'commander';
import type { JobState, JobView } from '@bus/task-base';
import type { CommandRunner } from '../command-runner.ts';
import type { Screen } from '../output/screen.ts';
import { addFilterOptions, type FilterOptions } from './filters.ts';
import { activeQueues } from './active-queues.ts';
import { foundLine, searchOf } from './job.ts';
import { activeTable, failedTable, jobTable, scheduledTable } from './job-tables.ts';
import { plannedLines, plannedSlots } from './planned-slots.ts';
import { registeredTasks } from './registered-tasks.ts';
import { TaskStatistics } from './task-statistics.ts';

interface View {
  readonly states: readonly JobState[];
  readonly description: string;
  readonly table: (screen: Screen, jobs: readonly JobView[]) => string;
}

const VIEWS: Readonly<Record<string, View>> = {
  active: {
    states: ['active'],
    description: 'jobs that run now, where and how far they are',
    table: activeTable,
  },
  waiting: { states: ['waiting', 'prioritized'], description: 'jobs that are ready to run', table: jobTable },
  failed: {
    states: ['failed'],
    description: 'jobs that failed for good and are still in Redis',
    table: failedTable,
  },
};

export function addInspectCommands(program: Command, runner: CommandRunner): void {
  const inspect = program.command('inspect').description('What the workers do and what waits for them.');

  for (const [name, { states, description, table }] of Object.entries(VIEWS)) {
    addFilterOptions(inspect.command(name).description(description)).action((options: FilterOptions) =>
      runner.runWatchable(async ({ session }) => {
        const found = await (await session.jobs()).find(await searchOf(options, states));
        return {
          data: found,
          text: (screen) =>
            `${table(screen, found.jobs)}\n${foundLine(found.jobs.length, found.isCut, options.limit)}`,
        };
      }),
    );
  }

  addFilterOptions(
    inspect
      .command('scheduled')
      .description('jobs that wait for their time, a retry or a service, and the next slots of schedules'),
  ).action((options: FilterOptions) =>
    runner.runWatchable(async ({ session }) => {
      const search = await searchOf(options, ['delayed']);
      const [found, slots] = await Promise.all([
        session.jobs().then((jobs) => jobs.find(search)),
        plannedSlots(session, options),
      ]);
      return {
        data: { ...found, ...slots },
        text: (screen) =>
          [
            scheduledTable(screen, found.jobs),
            foundLine(found.jobs.length, found.isCut, options.limit),
            ...plannedLines(screen, slots),
          ].join('\n'),
      };
    }),
  );

  inspect
    .command('registered')
    .description('the tasks of the catalog and how many workers run their queues')
    .action(() => runner.runWatchable(({ session }) => registeredTasks(session)));

  inspect
    .command('active-queues')
    .description('which process works on which queues')
    .action(() => runner.runWatchable(({ session }) => activeQueues(session)));

  const statistics = new TaskStatistics();
  inspect
    .command('stats')
    .description('what was enqueued, run, retried and given up, by queue, since the processes started')
    .action(() => runner.runWatchable(({ session }) => statistics.report(session)));
}
