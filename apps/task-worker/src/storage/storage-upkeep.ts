import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { BroadcastOutboxQueries, DeadLetterQueries, TimeSeriesPartitions } from '@bus/database';
import { Metrics } from '@bus/observability';
import { QUEUE_NAMES } from '@bus/task-base';
import { TaskWorkerSettings } from '../settings.ts';

const HOUR_MS = 3_600_000;
/** Backlogs are counted at most this often, however many scrape. */
const COUNT_EVERY_MS = 10_000;

/**
 * Keeps the tables in shape: makes the coming daily partitions and drops those past TIME_SERIES_RETENTION_DAYS, at the start
 * and every hour; any number of workers may do so at once. Also measures what is left lying: kept broadcasts and
 * open dead letters. Postgres being away is logged and tried again, never fatal.
 */
@Injectable()
export class StorageUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(StorageUpkeep.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private countedAt = 0;

  constructor(
    private readonly settings: TaskWorkerSettings,
    private readonly partitions: TimeSeriesPartitions,
    private readonly outbox: BroadcastOutboxQueries,
    private readonly deadLetters: DeadLetterQueries,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.metrics.beforeCollect(() => this.countBacklogs());
    this.timer = setInterval(() => this.start(), HOUR_MS).unref();
    this.start();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private start(): void {
    this.running = this.tidy().catch((error: unknown) => {
      this.logger.warn('The time-series partitions could not be tended; the next try is in an hour.', error);
    });
  }

  private async tidy(): Promise<void> {
    const created = await this.partitions.ensure();
    const dropped = await this.partitions.dropExpired(this.settings.TIME_SERIES_RETENTION_DAYS);
    if (created + dropped > 0) this.logger.log('time-series partitions', { created, dropped });
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
