import type { Command } from 'commander';
import type { MetricsSnapshot } from '@bus/platform';
import type { CommandRunner } from '../command-runner.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../output/printable.ts';
import type { Report } from '../output/report.ts';
import { paint, type Screen } from '../output/screen.ts';
import { fields, table, type Cell } from '../output/table.ts';
import { ago } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import { isSilent } from '../session/snapshots.ts';
import { queueTable } from './queue-tables.ts';
import { notClosed, parkedJobs, problemsOf, readStatus, type StatusFacts } from './status-facts.ts';

export function addStatusCommand(program: Command, runner: CommandRunner): void {
  program
    .command('status')
    .description('the whole bus on one screen; exit code 1 when something needs a person')
    .action(() => runner.runWatchable(({ session }) => status(session)));
}

async function status(session: Session): Promise<Report> {
  const facts = await readStatus(session);
  const { queues, snapshots, circuits, stored } = facts;
  const problems = problemsOf(facts);
  return {
    data: { queues, processes: snapshots.map(processOf), circuits, ...stored.known, problems },
    text: (screen) =>
      [
        queueTable(screen, queues),
        '',
        processTable(screen, snapshots),
        '',
        fields(screen, factFields(facts)),
        '',
        problems.length === 0
          ? paint(screen, 'good', 'All is well.')
          : problems.map((problem) => paint(screen, 'bad', `! ${printable(problem)}`)).join('\n'),
      ].join('\n'),
    exitCode: problems.length === 0 ? EXIT.ok : EXIT.problem,
  };
}

function processOf(snapshot: MetricsSnapshot) {
  const { app, instance, at, started_at: startedAt } = snapshot;
  return { app, instance, isUp: !isSilent(snapshot), lastSeen: new Date(at), startedAt: new Date(startedAt) };
}

function processTable(screen: Screen, snapshots: readonly MetricsSnapshot[]): string {
  if (snapshots.length === 0) return paint(screen, 'bad', 'No process of the bus is running.');
  return table(
    screen,
    [
      { title: 'process' },
      { title: 'instance', shrinks: 'text' },
      { title: 'running', align: 'right' },
      { title: 'state' },
    ],
    snapshots
      .map(processOf)
      .map(({ app, instance, isUp, lastSeen, startedAt }) => [
        app,
        instance,
        isUp ? ago(startedAt) : '-',
        isUp ? { text: 'up', style: 'good' } : { text: `silent for ${ago(lastSeen)}`, style: 'bad' },
      ]),
  );
}

function factFields({ circuits, stored: { known } }: StatusFacts): [string, Cell][] {
  const open = notClosed(circuits).map(({ service, state }) => `${service} ${state.name.replace('_', ' ')}`);
  return [
    [
      'circuits',
      open.length === 0 ? { text: 'closed', style: 'good' } : { text: open.join(', '), style: 'bad' },
    ],
    ['parked jobs', countCell(parkedJobs(circuits))],
    ['schedules', known === undefined ? '?' : scheduleCell(known)],
    ['dead letters', known === undefined ? '?' : countCell(known.openDeadLetters)],
    ['alerts waiting', known === undefined ? '?' : countCell(known.waitingAlerts)],
  ];
}

function countCell(count: number): Cell {
  return { text: count, style: count > 0 ? 'warning' : 'good' };
}

function scheduleCell({ schedules, failingSchedules }: NonNullable<StatusFacts['stored']['known']>): Cell {
  if (failingSchedules.length === 0) return { text: schedules, style: 'good' };
  return { text: `${schedules}, ${failingSchedules.length} cannot work`, style: 'bad' };
}
