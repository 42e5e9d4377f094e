export { STAFF_SCOPE, type AccessScope } from './access/access-scope.ts';
export { AlertError, isAlertError, type AlertErrorCode } from './alerts/alert.errors.ts';
export type { AlertChange, AlertChangeResult } from './alerts/alert-change.ts';
export type { AlertToStore } from './alerts/alert-insert.ts';
export { newAlertView } from './alerts/new-alert-view.ts';
export {
  AlertQueries,
  type AlertListRequest,
  type AlertPage,
  type StoredAlert,
} from './alerts/alert.queries.ts';
export { AuditLog, type AuditEntry, type AuditLine } from './audit/audit-log.ts';
export { ClientQueries, type ClientView } from './clients/client.queries.ts';
export { DatabaseModule } from './database.module.ts';
export {
  buildDemoFleet,
  DEFAULT_DEMO_FLEET_SIZE,
  DEMO_CLIENTS,
  DEMO_FLEET,
  DEMO_TENANTS,
  DEMO_USERS,
  type DemoClient,
  type DemoDevice,
  type DemoFleetSize,
  type DemoUser,
} from './demo/demo-fleet.ts';
export { seedDemo, type SeedDemoOptions } from './demo/seed-demo.ts';
export { DEVICE_KINDS, type DeviceKind } from './devices/device-kind.ts';
export { DeviceRegistry, type RegisteredDevice } from './devices/device-registry.ts';
export { DeviceQueries, type DeviceView } from './devices/device.queries.ts';
export { WalBarrier } from './durability/wal-barrier.ts';
export { migrate, pendingMigrations } from './migrations/migrate.ts';
export { IdempotencyQueries } from './idempotency/idempotency.queries.ts';
export {
  BroadcastOutboxQueries,
  type KeptBroadcast,
  type UndeliveredBroadcast,
} from './outbox/broadcast-outbox.queries.ts';
export type { DeadLetterSearch } from './refusals/dead-letter-search.ts';
export { DeadLetterQueries, type DeadLetter, type KeptDeadLetter } from './refusals/dead-letter.queries.ts';
export {
  QUARANTINE_LIMITS,
  QuarantineQueries,
  type QuarantinedMessage,
  type RefusedMessage,
} from './refusals/quarantine.queries.ts';
export { ScheduleQueries } from './schedules/schedule.queries.ts';
export { ScheduleRunQueries } from './schedules/schedule-run.queries.ts';
export type { BroadcastTarget, Database } from './schema/database-schema.ts';
export { databaseTimeMs } from './schema/database-time.ts';
export { kyselyOver } from './schema/kysely.ts';
export { GuardLocationQueries } from './telemetry/guard-location.queries.ts';
export type { BatchInsertResult } from './telemetry/insert-time-series.ts';
export { SensorReadingQueries } from './telemetry/sensor-reading.queries.ts';
export { SystemHealthQueries } from './telemetry/system-health.queries.ts';
export { TelemetryQueries } from './telemetry/telemetry.queries.ts';
export { TIME_SERIES_TABLES, TimeSeriesPartitions } from './telemetry/time-series-partitions.ts';
export { hashPassword, verifyPassword } from './users/password-hash.ts';
export { UserQueries, type NewUser, type UserAccount } from './users/user.queries.ts';
export { isStaff, USER_ROLES, type UserRole } from './users/user-role.ts';
