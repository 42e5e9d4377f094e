import type { Command } from 'commander';
import type { Explained, Origin, TaskRoute } from '@bus/task-base';
import type { CommandRunner } from '../command-runner.ts';
import { paint, type Screen } from '../output/screen.ts';
import { table } from '../output/table.ts';
import { duration } from '../output/words.ts';
import { taskNamed } from './task-named.ts';

export function addRouteCommand(program: Command, runner: CommandRunner): void {
  program
    .command('route')
    .description('how a task travels: queue, priority, retries, limits, and why')
    .argument('<task>')
    .action((name: string) =>
      runner.run(async () => {
        const [{ routeOf }, task] = await Promise.all([import('@bus/task-base'), taskNamed(name)]);
        const route = routeOf(task);
        return { data: route, text: (screen) => routeTable(screen, route) };
      }),
    );
}

const WHY: Readonly<Record<Origin, string>> = {
  task: "the task's own entry in the catalog",
  queue: 'as its queue',
  default: 'the default of every task',
};

function routeTable(screen: Screen, route: TaskRoute): string {
  const { settings, retry, retryWaits } = route;
  const limit = (name: string, { value, from }: Explained<number>) => [
    name,
    duration(value / 1_000),
    WHY[from],
  ];
  return [
    table(
      screen,
      [{ title: 'setting' }, { title: 'value', shrinks: 'text' }, { title: 'why', shrinks: 'text' }],
      [
        ['task', route.task, ''],
        ['queue', route.queue, WHY.task],
        ['priority of the lane', settings.priority, 'the queue'],
        [
          'priority in the queue',
          `${route.priority.value} of 10 (BullMQ: ${route.bullPriority})`,
          WHY[route.priority.from],
        ],
        ['jobs at a time', `${settings.concurrency} per worker process`, 'the queue'],
        ['largest job', `${settings.maxJobBytes / 1_048_576} MiB`, 'the queue'],
        limit('soft limit', route.softLimitMs),
        limit('hard limit', route.hardLimitMs),
        ['retries', retry.value.retries, WHY[retry.from]],
        ...retryWaits.map(({ fromMs, toMs }, index) => [
          `  wait before no. ${index + 1}`,
          `${duration(fromMs / 1_000)} to ${duration(toMs / 1_000)}`,
          index === 0 ? 'doubles, half of it at random' : '',
        ]),
        [
          'lost worker noticed after',
          duration((settings.lockDurationMs + settings.stalledIntervalMs) / 1_000),
          'the queue',
        ],
        ['given up after', `${settings.maxStalledCount + 1} lost workers`, 'the queue'],
        ['the same job id again', SENT_AGAIN[route.sentAgain.value], WHY[route.sentAgain.from]],
      ],
    ),
    paint(
      screen,
      'quiet',
      `Its parameters: docs/asyncapi.yaml\nTo enqueue one: bus task run ${route.task} --params '{…}'`,
    ),
  ].join('\n');
}

const SENT_AGAIN: Readonly<Record<TaskRoute['sentAgain']['value'], string>> = {
  'first-job': 'adds nothing: the outcome of the first stands',
  'run-again': 'runs the same job once more',
};
