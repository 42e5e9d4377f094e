import { optionalArgument } from '../load/arguments.ts';
import type { BenchParams } from './bench-task.ts';
import { clockMs } from './clock.ts';
import type { WorkerMessage, WorkerRequest } from './worker-messages.ts';

const PROGRESS_INTERVAL_MS = 500;

/**
 * Counts and times the runs of a worker process and tells the scenario. Handlers of both sides call `entered` first, so that
 * measuring costs both the same.
 */
export class RunRecorder {
  readonly #jobs = Number(optionalArgument('jobs') ?? Number.POSITIVE_INFINITY);
  readonly #warmUpJobs = Number(optionalArgument('warm-up-jobs') ?? 0);
  #entered = 0;
  #measuredSinceMs = 0;
  #latenciesMs: number[] = [];

  constructor() {
    process.on('message', (request: WorkerRequest) => {
      if (request === 'latencies') this.#tellLatencies();
    });
  }

  /** To be called when the worker takes jobs. */
  ready(): void {
    tell({ kind: 'ready' });
    setInterval(() => this.#tellProgress(), PROGRESS_INTERVAL_MS).unref();
  }

  entered(params: BenchParams): void {
    this.#entered += 1;
    if (params.sent_at_ms !== undefined) this.#latenciesMs.push(clockMs() - params.sent_at_ms);
    if (this.#entered === this.#warmUpJobs) this.#measuredSinceMs = clockMs();
    if (this.#entered === this.#jobs) this.#tellFinished();
  }

  /** A job that fails makes the figures worthless. */
  failed(reason: string): void {
    tell({ kind: 'failed', reason });
  }

  #tellFinished(): void {
    const spanMs = clockMs() - this.#measuredSinceMs;
    this.#tellProgress();
    tell({ kind: 'finished', spanMs });
  }

  #tellProgress(): void {
    const { rss, heapUsed } = process.memoryUsage();
    tell({ kind: 'progress', done: this.#entered, rssBytes: rss, heapUsedBytes: heapUsed });
  }

  #tellLatencies(): void {
    tell({ kind: 'latencies', latenciesMs: this.#latenciesMs });
    this.#latenciesMs = [];
  }
}

function tell(message: WorkerMessage): void {
  // The parent may have let go while a progress report was due.
  if (process.connected) process.send?.(message);
}
