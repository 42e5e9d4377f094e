import type { Command } from 'commander';
import type { Explained, Origin, TaskRoute } from '@bus/task-base';
import type { CommandRunner } from '../command-runner.ts';
import { paint, type Screen } from '../output/screen.ts';
import { table } from '../output/table.ts';
import { duration } from '../output/words.ts';
import { runsInText } from './job-tables.ts';
import { taskNamed } from './task-named.ts';

export function addRouteCommand(program: Command, runner: CommandRunner): void {
  program
    .command('route')
    .description('how a task travels: queue, priority, retries, limits, and why')
    .argument('<task>')
    .action((name: string) =>
      runner.run(async ({ session }) => {
        const [{ routeOf }, task] = await Promise.all([import('@bus/task-base'), taskNamed(session, name)]);
        const route = routeOf(task);
        return { data: route, text: (screen) => routeTable(screen, route) };
      }),
    );
}

const WHY: Readonly<Record<Origin, string>> = {
  task: "the task's own entry",
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
        ['runs in', runsInText(route.runsIn.value), runsInWhy(route)],
        ...duplicateRows(route),
        [
          'secret parameters',
          route.hasSensitiveParams ? 'sealed in Redis; who enqueues it needs the keys' : 'none',
          "the task's parameters",
        ],
      ],
    ),
    paint(
      screen,
      'quiet',
      `Its parameters: docs/asyncapi.yaml\nTo enqueue one: bus task run ${route.task} --params '{…}'`,
    ),
  ].join('\n');
}

function runsInWhy({ runsIn: { value, from } }: TaskRoute): string {
  return value === 'worker' ? WHY[from] : `${WHY[from]}: its work really stops at the hard limit`;
}

/** What becomes of the same work enqueued twice; a rule for that decides instead of what the job id does. */
function duplicateRows({ idempotency, sentAgain }: TaskRoute): [string, string, string][] {
  const rule = idempotency.value;
  if (rule === null) {
    return [
      ['the same work again', 'is done again', WHY[idempotency.from]],
      ['the same job id again', SENT_AGAIN[sentAgain.value], WHY[sentAgain.from]],
    ];
  }
  const whose = rule.scope === 'global' ? 'once for all' : `once per ${rule.scope}`;
  const where = rule.durable ? 'in Postgres: survives the loss of Redis' : 'in Redis';
  return [
    ['the same work again', `has the first one's outcome, ${whose}`, WHY[idempotency.from]],
    ['its outcome stands', `${duration(rule.ttlMs / 1_000)}, ${where}`, `category ${rule.category}`],
  ];
}

const SENT_AGAIN: Readonly<Record<TaskRoute['sentAgain']['value'], string>> = {
  'first-job': 'adds nothing: the outcome of the first stands',
  'run-again': 'runs the same job once more',
};
