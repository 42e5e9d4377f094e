import type { QueueDetails, QueueState } from '@bus/task-base';
import { paint, type Screen, type Style } from '../output/screen.ts';
import { fields, table, type Cell } from '../output/table.ts';
import { duration } from '../output/words.ts';

/** Ready to run, redelivered ones included. */
export function readyJobs({ jobs }: QueueState): number {
  return jobs.waiting + jobs.prioritized;
}

export function queueTable(screen: Screen, states: readonly QueueState[]): string {
  return table(
    screen,
    [
      { title: 'queue' },
      { title: 'ready', align: 'right' },
      { title: 'active', align: 'right' },
      { title: 'delayed', align: 'right' },
      { title: 'failed', align: 'right' },
      { title: 'done', align: 'right' },
      { title: 'oldest', align: 'right' },
      { title: 'workers', align: 'right' },
      { title: 'state' },
    ],
    states.map((state) => [
      state.queue,
      quietZero(readyJobs(state)),
      quietZero(state.jobs.active),
      quietZero(state.jobs.delayed),
      quietZero(state.jobs.failed, 'bad'),
      quietZero(state.jobs.completed),
      state.oldestWaitingSeconds > 0 ? duration(Math.round(state.oldestWaitingSeconds)) : quietDash,
      quietZero(state.workers),
      stateOf(state),
    ]),
  );
}

export function queueDetails(screen: Screen, details: QueueDetails): string {
  const { settings, workerList } = details;
  const { retry, keepCompleted, keepFailed } = settings;
  return [
    queueTable(screen, [details]),
    '',
    fields(screen, [
      ['priority of the lane', settings.priority],
      ['jobs at a time, per worker', settings.concurrency],
      [
        'retries',
        `${retry.retries}, ${duration(retry.backoffMs / 1_000)} to ${duration(retry.maxBackoffMs / 1_000)} apart`,
      ],
      [
        'a lost job is redone after',
        duration((settings.lockDurationMs + settings.stalledIntervalMs) / 1_000),
      ],
      ['largest job', `${settings.maxJobBytes / 1_048_576} MiB`],
      ['completed jobs are kept', `${duration(keepCompleted.ageSeconds)}, ${keepCompleted.count} at most`],
      ['failed jobs are kept', `${duration(keepFailed.ageSeconds)}, ${keepFailed.count} at most`],
    ]),
    '',
    workerList.length === 0
      ? paint(screen, 'bad', 'No worker is connected.')
      : table(
          screen,
          [
            { title: 'worker', shrinks: 'text' },
            { title: 'address' },
            { title: 'connected', align: 'right' },
          ],
          workerList.map(({ instance, address, connectedSeconds }) => [
            instance || '-',
            address,
            duration(connectedSeconds),
          ]),
        ),
  ].join('\n');
}

function stateOf(state: QueueState): Cell {
  if (state.isPaused) return { text: 'paused', style: 'warning' };
  if (state.workers === 0 && readyJobs(state) > 0) return { text: 'nobody works on it', style: 'bad' };
  return state.workers === 0 ? { text: 'no worker', style: 'quiet' } : { text: 'ok', style: 'good' };
}

const quietDash: Cell = { text: '-', style: 'quiet' };

export function quietZero(count: number, style?: Style): Cell {
  return count === 0 ? { text: 0, style: 'quiet' } : { text: count, style };
}
