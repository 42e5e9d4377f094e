import { Inject, Injectable } from '@nestjs/common';
import { POSTGRES_POOL } from '@bus/platform';
import type { Pool } from 'pg';

export const TIME_SERIES_TABLES = [
  'device_telemetry',
  'guard_locations',
  'sensor_readings',
  'system_health',
] as const;

const DAY_MS = 24 * 60 * 60_000;

/** A device keeps at most a day of unsent messages; older ones, and absurd clocks, go to the default partition. */
const DAYS_BEHIND = 2;
/** The platform may stand still over a long weekend before rows of new days have to be moved. */
const DAYS_AHEAD = 7;

/** The daily partitions of the time-series tables. Safe to run from any number of processes, and again. */
@Injectable()
export class TimeSeriesPartitions {
  constructor(@Inject(POSTGRES_POOL) private readonly pool: Pool) {}

  /**
   * Makes the partitions from two days ago to a week ahead and returns how many were missing. Rows that came while
   * their day had none are moved into it. Run it at least daily; `migrate` does so too.
   */
  async ensure(now = new Date()): Promise<number> {
    let created = 0;
    for (const table of TIME_SERIES_TABLES) {
      const { rows } = await this.pool.query<{ created: number }>(
        'select bus_ensure_partitions($1, $2::date, $3::date) as created',
        [table, dayOf(now, -DAYS_BEHIND), dayOf(now, DAYS_AHEAD)],
      );
      created += rows[0]?.created ?? 0;
    }
    return created;
  }

  /** Names of the partitions of today and tomorrow that are not there; rows of such a day wait in the default one. */
  async missing(now = new Date()): Promise<string[]> {
    const names = TIME_SERIES_TABLES.flatMap((table) =>
      [0, 1].map((days) => `${table}_p${dayOf(now, days).replaceAll('-', '')}`),
    );
    const { rows } = await this.pool.query<{ name: string }>(
      'select name from unnest($1::text[]) as name where to_regclass(name) is null',
      [names],
    );
    return rows.map(({ name }) => name);
  }

  /**
   * Drops every day that ended more than `keepDays` days ago, and returns how many. Rows with an absurd device time
   * are deleted by the day they arrived.
   */
  async dropExpired(keepDays: number, now = new Date()): Promise<number> {
    if (!Number.isInteger(keepDays) || keepDays < 1)
      throw new RangeError('keepDays must be an integer from 1');
    let dropped = 0;
    for (const table of TIME_SERIES_TABLES) {
      const { rows } = await this.pool.query<{ dropped: number }>(
        'select bus_drop_partitions($1, $2::date) as dropped',
        [table, dayOf(now, -keepDays)],
      );
      dropped += rows[0]?.dropped ?? 0;
    }
    return dropped;
  }
}

/** A day in UTC, as the partitions are cut. */
function dayOf(now: Date, daysLater: number): string {
  return new Date(now.getTime() + daysLater * DAY_MS).toISOString().slice(0, 10);
}
