import { Injectable, Logger } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { redisKeys, RepeatedWarning } from '@bus/platform';
import { ExporterRedis } from '../redis/exporter-redis.ts';
import { ExporterSettings } from '../settings.ts';
import { parseSnapshot, type Snapshot } from './parse-snapshot.ts';
import { SnapshotAges } from './snapshot-ages.ts';

/** A process as its snapshots show it. */
export interface FleetProcess {
  readonly snapshot: Snapshot;
  readonly isUp: boolean;
  readonly ageSeconds: number;
}

/** Which processes there are, by the snapshots they leave in Redis. */
@Injectable()
export class FleetDirectory {
  readonly #ages = new SnapshotAges();
  readonly #warning = new RepeatedWarning(new Logger(FleetDirectory.name));

  constructor(
    private readonly redis: ExporterRedis,
    private readonly settings: ExporterSettings,
    private readonly metrics: Metrics,
  ) {}

  /**
   * The processes that are up or went silent not long ago; those that have been silent for long are removed from Redis.
   * Rejects when Redis does not answer: then nobody knows who is up.
   */
  async read(): Promise<FleetProcess[]> {
    const texts = Object.entries(await this.#readAll());
    const entries = texts.map(([field, text]) => ({ field, text, snapshot: parseSnapshot(text) }));
    const ages = this.#ages.look(
      entries.map(({ field, text, snapshot }) => ({
        field,
        mark: String(snapshot?.at ?? text),
        atMs: snapshot?.at,
      })),
    );
    const aged = entries.map((entry) => ({ ...entry, ageSeconds: (ages.get(entry.field) ?? 0) / 1_000 }));
    const present = aged.filter(
      ({ ageSeconds }) => ageSeconds <= this.settings.EXPORTER_FORGET_AFTER_SECONDS,
    );
    await this.#forget(aged.filter((entry) => !present.includes(entry)).map(({ field }) => field));
    return present.flatMap(({ field, snapshot, ageSeconds }) => {
      this.#countUnusable(field, snapshot === null ? 1 : snapshot.unusable);
      const isUp = ageSeconds <= this.settings.EXPORTER_SILENT_AFTER_SECONDS;
      return snapshot === null ? [] : [{ snapshot, isUp, ageSeconds }];
    });
  }

  async #readAll(): Promise<Record<string, string>> {
    try {
      return await this.redis.connection.hgetall(redisKeys.metrics);
    } catch (error) {
      this.#ages.missLook();
      throw error;
    }
  }

  async #forget(fields: string[]): Promise<void> {
    if (fields.length > 0) await this.redis.connection.hdel(redisKeys.metrics, ...fields);
  }

  #countUnusable(field: string, count: number): void {
    if (count === 0) return;
    this.metrics.counter('bus_exporter_unreadable_snapshots_total').inc(count);
    this.#warning.warn(
      `The metrics snapshot '${field}' cannot be used as a whole; the rest of it and of the fleet is.`,
    );
  }
}
