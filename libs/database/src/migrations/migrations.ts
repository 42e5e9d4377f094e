import type { Migration, MigrationProvider } from 'kysely/migration';
import { organisation } from './0001-organisation.ts';
import { timeSeries } from './0002-time-series.ts';
import { deviceAlerts } from './0003-device-alerts.ts';
import { operations } from './0004-operations.ts';
import { idempotency } from './0005-idempotency.ts';
import { schedules } from './0006-schedules.ts';
import { deadLetterSearch } from './0007-dead-letter-search.ts';

/**
 * Every migration by its name, in order. A published one never changes: mend it with the next number.
 * Imported, not found by looking through a folder, so that a build that lacks one does not compile.
 */
export const MIGRATIONS: Record<string, Migration> = {
  '0001_organisation': organisation,
  '0002_time_series': timeSeries,
  '0003_device_alerts': deviceAlerts,
  '0004_operations': operations,
  '0005_idempotency': idempotency,
  '0006_schedules': schedules,
  '0007_dead_letter_search': deadLetterSearch,
};

export const migrationProvider: MigrationProvider = {
  getMigrations: () => Promise.resolve(MIGRATIONS),
};
