import { Global, Module } from '@nestjs/common';
import { AlertQueries } from './alerts/alert.queries.ts';
import { AuditLog } from './audit/audit-log.ts';
import { ClientQueries } from './clients/client.queries.ts';
import { DeviceRegistry } from './devices/device-registry.ts';
import { DeviceQueries } from './devices/device.queries.ts';
import { WalBarrier } from './durability/wal-barrier.ts';
import { IdempotencyQueries } from './idempotency/idempotency.queries.ts';
import { BroadcastOutboxQueries } from './outbox/broadcast-outbox.queries.ts';
import { DeadLetterQueries } from './refusals/dead-letter.queries.ts';
import { QuarantineQueries } from './refusals/quarantine.queries.ts';
import { ScheduleQueries } from './schedules/schedule.queries.ts';
import { ScheduleRunQueries } from './schedules/schedule-run.queries.ts';
import { GuardLocationQueries } from './telemetry/guard-location.queries.ts';
import { SensorReadingQueries } from './telemetry/sensor-reading.queries.ts';
import { SystemHealthQueries } from './telemetry/system-health.queries.ts';
import { TelemetryQueries } from './telemetry/telemetry.queries.ts';
import { TimeSeriesPartitions } from './telemetry/time-series-partitions.ts';
import { UserQueries } from './users/user.queries.ts';

const QUERIES = [
  AlertQueries,
  AuditLog,
  BroadcastOutboxQueries,
  ClientQueries,
  DeadLetterQueries,
  DeviceQueries,
  DeviceRegistry,
  GuardLocationQueries,
  IdempotencyQueries,
  QuarantineQueries,
  ScheduleQueries,
  ScheduleRunQueries,
  SensorReadingQueries,
  SystemHealthQueries,
  TelemetryQueries,
  TimeSeriesPartitions,
  UserQueries,
  WalBarrier,
];

/** Every query class, over the pool that `PlatformModule.forRoot({ postgres })` provides. */
@Global()
@Module({ providers: QUERIES, exports: QUERIES })
export class DatabaseModule {}
