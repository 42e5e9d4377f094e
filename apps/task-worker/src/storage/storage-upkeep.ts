import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import {
  BroadcastOutboxQueries,
  DeadLetterQueries,
  IdempotencyQueries,
  TimeSeriesPartitions,
} from '@bus/database';
import { Metrics } from '@bus/observability';
import { QUEUE_NAMES } from '@bus/task-base';
import { TaskWorkerSettings } from '../settings.ts';

const HOUR_MS = 3_600_000;
/** Backlogs are counted at most this often, however many scrape. */
const COUNT_EVERY_MS = 10_000;
/** Rows deleted by one statement, so that none holds locks for long. */
const PURGE_BATCH = 1_000;
/** Far beyond the week that failed jobs stay in Redis: a job that outlived its letter would be taken for a new failure. */
const HANDLED_LETTERS_KEPT_DAYS = 90;

/**
 * Keeps the tables in shape, at the start and every hour; any number of workers may do so at once. Makes the coming daily
 * partitions and drops those past TIME_SERIES_RETENTION_DAYS, forgets outcomes that have expired and dead letters that were
 * handled 90 days ago. (The history of schedules is cut by their scheduler.) Also measures what is left lying: kept
 * broadcasts and open dead letters. Postgres being away is logged and tried again, never fatal.
 */
@Injectable()
export class StorageUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(StorageUpkeep.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private countedAt = 0;
  private isStopping = false;

  constructor(
    private readonly settings: TaskWorkerSettings,
    private readonly partitions: TimeSeriesPartitions,
    private readonly outbox: BroadcastOutboxQueries,
    private readonly deadLetters: DeadLetterQueries,
    private readonly outcomes: IdempotencyQueries,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.metrics.beforeCollect(() => this.countBacklogs());
    this.timer = setInterval(() => this.start(), HOUR_MS).unref();
    this.start();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.isStopping = true;
    await this.running;
  }

  private start(): void {
    this.running = this.tidy();
  }

  private async tidy(): Promise<void> {
    await this.attempt('time-series partitions', () => this.tendPartitions());
    await this.attempt('expired outcomes', () => this.purge((limit) => this.outcomes.purgeExpired(limit)));
    await this.attempt('handled dead letters', () =>
      this.purge((limit) => this.deadLetters.purgeHandled(HANDLED_LETTERS_KEPT_DAYS, limit)),
    );
  }

  /** What goes wrong with one of them keeps none of the others back. */
  private async attempt(what: string, work: () => Promise<Readonly<Record<string, number>>>): Promise<void> {
    try {
      const done = await work();
      if (Object.values(done).some((count) => count > 0)) this.logger.log(what, done);
    } catch (error) {
      this.logger.warn(`The ${what} could not be tended; the next try is in an hour.`, error);
    }
  }

  private async purge(deleteSome: (limit: number) => Promise<number>): Promise<{ deleted: number }> {
    let deleted = 0;
    let latest: number;
    do {
      latest = await deleteSome(PURGE_BATCH);
      deleted += latest;
    } while (latest === PURGE_BATCH && !this.isStopping);
    return { deleted };
  }

  private async tendPartitions(): Promise<{ created: number; dropped: number }> {
    const created = await this.partitions.ensure();
    const dropped = await this.partitions.dropExpired(this.settings.TIME_SERIES_RETENTION_DAYS);
    return { created, dropped };
  }

  private async countBacklogs(): Promise<void> {
    const now = performance.now();
    if (this.countedAt > 0 && now - this.countedAt < COUNT_EVERY_MS) return;
    this.countedAt = now;
    try {
      const [{ broadcasts }, letters] = await Promise.all([
        this.outbox.backlog(),
        this.deadLetters.openByQueue(),
      ]);
      this.metrics.gauge('bus_channel_outbox_broadcasts').set(broadcasts);
      for (const queue of QUEUE_NAMES) {
        this.metrics.gauge('bus_queue_dead_letter_jobs').set({ queue }, letters.get(queue) ?? 0);
      }
    } catch (error) {
      this.logger.debug('Backlogs could not be counted; the last numbers stand.', error);
    }
  }
}
