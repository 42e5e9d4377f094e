import type { Metrics } from '@bus/observability';

/** Observations kept until they are put into a histogram; beyond it they are put there at once. */
const MAX_KEPT = 1_000;

interface TaskTally {
  readonly labels: { readonly queue: string; readonly task: string };
  started: number;
  active: number;
  waitSeconds: number[];
  durationSeconds: number[];
}

/**
 * What runs have come to since the metrics were last read. Finding a series of a metric by its labels takes longer than many a task, so
 * it is done for all runs of a task together: when the metrics are read, or when much has come up.
 */
export class RunTally {
  private readonly metrics: Metrics;
  /** By queue and task. */
  private readonly tallies = new Map<string, Map<string, TaskTally>>();

  constructor(metrics: Metrics) {
    this.metrics = metrics;
    metrics.beforeCollect(() => this.tellAll());
  }

  started(queue: string, task: string, waitSeconds: number | undefined): TaskTally {
    const tally = this.tallies.get(queue)?.get(task) ?? this.begin(queue, task);
    tally.started += 1;
    tally.active += 1;
    if (waitSeconds !== undefined) tally.waitSeconds.push(waitSeconds);
    return tally;
  }

  ended(tally: TaskTally, durationSeconds: number): void {
    tally.active -= 1;
    tally.durationSeconds.push(durationSeconds);
    if (tally.durationSeconds.length >= MAX_KEPT) this.tell(tally);
  }

  private begin(queue: string, task: string): TaskTally {
    const tally = { labels: { queue, task }, started: 0, active: 0, waitSeconds: [], durationSeconds: [] };
    const ofQueue = this.tallies.get(queue) ?? new Map<string, TaskTally>();
    this.tallies.set(queue, ofQueue.set(task, tally));
    return tally;
  }

  private tellAll(): void {
    for (const [queue, ofQueue] of this.tallies) {
      let active = 0;
      for (const tally of ofQueue.values()) {
        this.tell(tally);
        active += tally.active;
      }
      this.metrics.gauge('bus_worker_jobs_active').set({ queue }, active);
    }
  }

  private tell(tally: TaskTally): void {
    const { labels, started, waitSeconds, durationSeconds } = tally;
    tally.started = 0;
    tally.waitSeconds = [];
    tally.durationSeconds = [];
    this.metrics.counter('bus_task_started_total').inc(labels, started);
    const waited = this.metrics.histogram('bus_task_queue_wait_seconds');
    for (const seconds of waitSeconds) waited.observe(labels, seconds);
    const duration = this.metrics.histogram('bus_task_duration_seconds');
    for (const seconds of durationSeconds) duration.observe(labels, seconds);
  }
}
