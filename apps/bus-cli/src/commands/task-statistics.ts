import type { CounterName } from '@bus/observability';
import type { MetricsSnapshot } from '@bus/platform';
import type { QueueName } from '@bus/task-base';
import type { Report } from '../output/report.ts';
import type { Screen } from '../output/screen.ts';
import { table } from '../output/table.ts';
import { counted, duration } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import { readSnapshots, valuesOf } from '../session/snapshots.ts';
import { quietZero } from './queue-tables.ts';

interface QueueStatistics {
  readonly queue: QueueName;
  readonly enqueued: number;
  readonly started: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly retried: number;
  readonly deadLetters: number;
  readonly duplicates: number;
  /** Runs that ended per minute: since the last look, or for the first one since the processes started. */
  readonly endedPerMinute: number;
}

/** Reads the counters of the processes; remembers the last look, so that a watched rate is that of the moment. */
export class TaskStatistics {
  #lastLook: { readonly atMs: number; readonly ended: ReadonlyMap<QueueName, number> } | undefined;

  /** What the processes that run now have counted; of those that are gone nothing is left. */
  async report(session: Session): Promise<Report> {
    const [{ QUEUE_NAMES }, snapshots] = await Promise.all([
      import('@bus/task-base'),
      readSnapshots(session),
    ]);
    const newestMs = Math.max(0, ...snapshots.map(({ at }) => at));
    const queues = QUEUE_NAMES.map((queue) => this.#statisticsOf(queue, snapshots, newestMs));
    this.#lastLook = {
      atMs: newestMs,
      ended: new Map(queues.map(({ queue, succeeded, failed }) => [queue, succeeded + failed])),
    };
    const sinceMs = Math.min(newestMs, ...snapshots.map((snapshot) => snapshot.started_at));
    const seconds = Math.round((newestMs - sinceMs) / 1_000);
    return {
      data: { queues, processes: snapshots.length, seconds },
      text: (screen) => statisticsTable(screen, queues, snapshots.length, seconds),
    };
  }

  #statisticsOf(queue: QueueName, snapshots: readonly MetricsSnapshot[], newestMs: number): QueueStatistics {
    const total = (name: CounterName, isMeant = (_result: unknown) => true): number =>
      snapshots
        .flatMap((snapshot) => valuesOf(snapshot, name))
        .filter(({ labels }) => labels['queue'] === queue && isMeant(labels['result']))
        .reduce((sum, { value }) => sum + value, 0);
    const succeeded = total('bus_task_completed_total', (result) => result === 'success');
    const failed = total('bus_task_completed_total', (result) => result !== 'success');
    return {
      queue,
      enqueued: total('bus_task_enqueued_total'),
      started: total('bus_task_started_total'),
      succeeded,
      failed,
      retried: total('bus_task_retried_total'),
      deadLetters: total('bus_task_dead_letters_total'),
      duplicates: total('bus_task_duplicates_suppressed_total'),
      endedPerMinute: this.#rateOf(queue, succeeded + failed, snapshots, newestMs),
    };
  }

  #rateOf(queue: QueueName, ended: number, snapshots: readonly MetricsSnapshot[], newestMs: number): number {
    const before = this.#lastLook;
    if (before !== undefined && newestMs > before.atMs) {
      // A process that ended took its counts along.
      return Math.max(0, ((ended - (before.ended.get(queue) ?? 0)) * 60_000) / (newestMs - before.atMs));
    }
    const runningMs = snapshots
      .filter((snapshot) =>
        valuesOf(snapshot, 'bus_worker_up').some(({ labels }) => labels['queue'] === queue),
      )
      .map(({ at, started_at: startedAt }) => at - startedAt);
    return runningMs.length === 0 ? 0 : (ended * 60_000) / Math.max(1, ...runningMs);
  }
}

function statisticsTable(
  screen: Screen,
  queues: readonly QueueStatistics[],
  processes: number,
  seconds: number,
): string {
  return [
    table(
      screen,
      [
        { title: 'queue' },
        { title: 'enqueued', align: 'right' },
        { title: 'started', align: 'right' },
        { title: 'succeeded', align: 'right' },
        { title: 'failed', align: 'right' },
        { title: 'retried', align: 'right' },
        { title: 'dead', align: 'right' },
        { title: 'a minute', align: 'right' },
      ],
      queues.map((one) => [
        one.queue,
        quietZero(one.enqueued),
        quietZero(one.started),
        quietZero(one.succeeded),
        quietZero(one.failed, 'warning'),
        quietZero(one.retried),
        quietZero(one.deadLetters, 'bad'),
        one.endedPerMinute.toFixed(1),
      ]),
    ),
    `Counted by ${counted(processes, 'process', 'processes')}; the oldest runs for ${duration(seconds)}.`,
  ].join('\n');
}
