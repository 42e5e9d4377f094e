import type { Command } from 'commander';
import type { MetricsSnapshot } from '@bus/platform';
import type { QueueState } from '@bus/task-base';
import type { CommandRunner } from '../command-runner.ts';
import { EXIT } from '../exit-codes.ts';
import type { Report } from '../output/report.ts';
import { paint, type Screen } from '../output/screen.ts';
import { fields, table, type Cell } from '../output/table.ts';
import { ago, counted } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import { isSilent, readSnapshots } from '../session/snapshots.ts';
import { queueTable, readyJobs } from './queue-tables.ts';

export function addStatusCommand(program: Command, runner: CommandRunner): void {
  program
    .command('status')
    .description('the whole bus on one screen; exit code 1 when something needs a person')
    .action(() => runner.runWatchable(({ session }) => status(session)));
}

/** What Postgres knows; undefined when it does not answer, which is told as a problem of its own. */
interface Stored {
  readonly openDeadLetters: number;
  readonly waitingAlerts: number;
}

async function status(session: Session): Promise<Report> {
  const [queues, snapshots, stored] = await Promise.all([
    session.queues().then((admin) => admin.list()),
    readSnapshots(session),
    readStored(session),
  ]);
  const problems = problemsOf(queues, snapshots, stored);
  return {
    data: { queues, processes: snapshots.map(processOf), ...stored.known, problems },
    text: (screen) =>
      [
        queueTable(screen, queues),
        '',
        processTable(screen, snapshots),
        '',
        fields(screen, storedFields(stored)),
        '',
        problems.length === 0
          ? paint(screen, 'good', 'All is well.')
          : problems.map((problem) => paint(screen, 'bad', `! ${problem}`)).join('\n'),
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

async function readStored(session: Session): Promise<{ known?: Stored; problem?: string }> {
  try {
    const [letters, alerts] = await Promise.all([session.letters(), session.alerts()]);
    const [byQueue, waitingAlerts] = await Promise.all([letters.openByQueue(), alerts.countUnacknowledged()]);
    const openDeadLetters = [...byQueue.values()].reduce((sum, count) => sum + count, 0);
    return { known: { openDeadLetters, waitingAlerts } };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function storedFields({ known }: { known?: Stored }): [string, Cell][] {
  if (known === undefined)
    return [
      ['dead letters', '?'],
      ['alerts waiting', '?'],
    ];
  const { openDeadLetters, waitingAlerts } = known;
  return [
    ['dead letters', { text: openDeadLetters, style: openDeadLetters > 0 ? 'warning' : 'good' }],
    ['alerts waiting', { text: waitingAlerts, style: waitingAlerts > 0 ? 'warning' : 'good' }],
  ];
}

function problemsOf(
  queues: readonly QueueState[],
  snapshots: readonly MetricsSnapshot[],
  stored: { known?: Stored; problem?: string },
): string[] {
  const unattended = queues.filter((state) => state.workers === 0 && readyJobs(state) > 0 && !state.isPaused);
  const paused = queues.filter(({ isPaused }) => isPaused);
  const silent = snapshots.filter((snapshot) => isSilent(snapshot));
  return [
    ...(snapshots.length === 0 ? ['no process of the bus is running'] : []),
    ...silent.map(({ app, instance }) => `${app} ${instance} went silent`),
    ...unattended.map(
      (state) => `nobody works on ${state.queue}, ${counted(readyJobs(state), 'job')} waiting`,
    ),
    ...paused.map(({ queue }) => `${queue} is paused`),
    ...(stored.problem === undefined ? [] : [stored.problem]),
    ...((stored.known?.openDeadLetters ?? 0) > 0
      ? [`${counted(stored.known?.openDeadLetters ?? 0, 'dead letter')} to look at (bus dlq list)`]
      : []),
  ];
}
