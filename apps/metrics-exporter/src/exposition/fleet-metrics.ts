import { Injectable, Logger } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { RepeatedWarning, RuntimeSettings } from '@bus/platform';
import { queueStates } from '@bus/task-base';
import { BrokerState } from '../broker/broker-state.ts';
import { FleetDirectory } from '../fleet/fleet-directory.ts';
import { ExporterRedis } from '../redis/exporter-redis.ts';
import { RedisStateReader } from '../redis/redis-state.ts';
import { MetricFamilies } from './metric-families.ts';
import { usableMetrics } from './published-metric.ts';
import { renderText } from './render-text.ts';

const APP = 'metrics-exporter';

type Source = 'snapshots' | 'queues' | 'redis' | 'broker';

/** Puts everything that is known about the fleet on one page. */
@Injectable()
export class FleetMetrics {
  readonly #warning = new RepeatedWarning(new Logger(FleetMetrics.name));
  #running: Promise<string> | undefined;

  constructor(
    private readonly fleet: FleetDirectory,
    private readonly redis: ExporterRedis,
    private readonly redisState: RedisStateReader,
    private readonly broker: BrokerState,
    private readonly ownMetrics: Metrics,
    private readonly runtime: RuntimeSettings,
  ) {}

  /**
   * The page in Prometheus' text format. Never rejects because a source is away: the page then holds what is left and
   * `bus_exporter_source_up` 0. Who asks while a page is being made gets that one.
   */
  render(): Promise<string> {
    this.#running ??= this.#collect().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #collect(): Promise<string> {
    const families = new MetricFamilies();
    await Promise.all([
      this.#source(families, 'snapshots', () => this.#addFleet(families)),
      this.#source(families, 'queues', () => this.#addQueues(families)),
      this.#addRedis(families),
    ]);
    this.#addBroker(families);
    await this.#addOwn(families);
    return renderText(families.all());
  }

  /** Of a process that went silent only that is told: its last values would pass for the present. */
  async #addFleet(families: MetricFamilies): Promise<void> {
    for (const { snapshot, isUp, ageSeconds } of await this.fleet.read()) {
      const process = { app: snapshot.app, instance: snapshot.instance };
      families.set('up', process, isUp ? 1 : 0);
      families.set('bus_process_snapshot_age_seconds', process, ageSeconds);
      if (!isUp) continue;
      for (const metric of snapshot.metrics) {
        if (families.addPublished(metric, process)) continue;
        this.ownMetrics.counter('bus_exporter_unreadable_snapshots_total').inc();
        this.#warning.warn(
          `${process.app}/${process.instance} publishes ${metric.name} as another type than the catalog or the others; it is left out.`,
        );
      }
    }
  }

  async #addQueues(families: MetricFamilies): Promise<void> {
    for (const { queue, jobs, isPaused, workers, oldestWaitingSeconds } of await queueStates(
      this.redis.connection,
    )) {
      for (const [state, count] of Object.entries(jobs))
        families.set('bus_queue_jobs', { queue, state }, count);
      families.set('bus_queue_oldest_job_age_seconds', { queue }, oldestWaitingSeconds);
      families.set('bus_queue_workers', { queue }, workers);
      families.set('bus_queue_paused', { queue }, isPaused ? 1 : 0);
    }
  }

  async #addRedis(families: MetricFamilies): Promise<void> {
    const isUp = await this.#source(families, 'redis', async () => {
      const state = await this.redisState.read();
      families.set('bus_redis_memory_used_bytes', {}, state.memoryUsedBytes);
      families.set('bus_redis_memory_limit_bytes', {}, state.memoryLimitBytes);
      families.set('bus_redis_memory_used_ratio', {}, state.memoryUsedRatio);
      families.set('bus_redis_connected_clients', {}, state.connectedClients);
      families.set('bus_redis_commands_processed_total', {}, state.commandsProcessed);
      families.set('bus_redis_evicted_keys_total', {}, state.evictedKeys);
      families.set('bus_redis_uptime_seconds', {}, state.uptimeSeconds);
      families.set('bus_redis_persistence_ok', {}, state.isPersistenceOk ? 1 : 0);
    });
    families.set('bus_redis_up', {}, isUp ? 1 : 0);
  }

  #addBroker(families: MetricFamilies): void {
    const values = this.broker.read();
    if (values === null) return;
    for (const [metric, value] of values) families.set(metric, {}, value);
    families.set('bus_exporter_source_up', { source: 'broker' }, values.size > 0 ? 1 : 0);
  }

  /** Last, so that what went wrong on this very page is counted on it. */
  async #addOwn(families: MetricFamilies): Promise<void> {
    const self = { app: APP, instance: this.runtime.INSTANCE_ID };
    families.set('up', self, 1);
    families.set('bus_process_snapshot_age_seconds', self, 0);
    const { usable } = usableMetrics(await this.ownMetrics.snapshot());
    for (const metric of usable) families.addPublished(metric, self);
  }

  /** Adds one source and whether it could be read. */
  async #source(families: MetricFamilies, source: Source, add: () => Promise<void>): Promise<boolean> {
    const isUp = await add().then(
      () => true,
      (error: unknown) => {
        this.#warning.warn(
          `The ${source} cannot be read; the page is served without them.`,
          error instanceof Error ? error : new Error(String(error)),
        );
        return false;
      },
    );
    families.set('bus_exporter_source_up', { source }, isUp ? 1 : 0);
    return isUp;
  }
}
