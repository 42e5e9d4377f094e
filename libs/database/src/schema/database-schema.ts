import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from 'kysely';
import type { AlertSeverity, AlertStatus, BroadcastPriority, EventType } from '@bus/payload-schemas';
import type { DeviceKind } from '../devices/device-kind.ts';
import type {
  CatchUpPolicy,
  OverlapPolicy,
  ScheduleRunCause,
  ScheduleRunState,
} from '../schedules/schedule-records.ts';
import type { UserRole } from '../users/user-role.ts';

/** `bigint` arrives from the driver as text, so that no identifier is rounded; query classes turn it into a number. */
type BigintId = GeneratedAlways<string>;
type Timestamp = ColumnType<Date, Date | string, Date | string>;
/** The driver reads `infinity` as the number. */
type InfiniteTimestamp = ColumnType<Date | number, Date | string, Date | string>;
type StampedByDatabase = ColumnType<Date, Date | string | undefined, Date | string>;
/** Written as JSON text that has been made safe for Postgres, read back as a value. */
type Json = JSONColumnType<object>;

export interface TenantsTable {
  id: Generated<number>;
  name: string;
  created_at: StampedByDatabase;
}

export interface ClientsTable {
  id: Generated<number>;
  tenant_id: number;
  name: string;
  supervisor_user_id: number | null;
  created_at: StampedByDatabase;
}

export interface UsersTable {
  id: Generated<number>;
  tenant_id: number | null;
  username: string;
  password_hash: string;
  role: UserRole;
  is_active: Generated<boolean>;
  is_demo: Generated<boolean>;
  session_epoch: Generated<number>;
  created_at: StampedByDatabase;
}

export interface DevicesTable {
  id: Generated<number>;
  external_id: string;
  kind: DeviceKind;
  name: string;
  client_id: number | null;
  is_demo: Generated<boolean>;
  created_at: StampedByDatabase;
}

interface TimeSeriesColumns {
  source_id: string;
  message_id: string;
  device_time: Timestamp;
  received_at: Timestamp;
  stored_at: StampedByDatabase;
  clock_suspect: boolean;
  raw: Json;
}

export interface DeviceTelemetryTable extends TimeSeriesColumns {
  battery: number | null;
  signal: number | null;
  temperature: number | null;
  connectivity: string | null;
  readings: Json;
}

export interface GuardLocationsTable extends TimeSeriesColumns {
  lat: number;
  lon: number;
  accuracy_m: number | null;
  claimed_guard_id: string | null;
  claimed_client_id: string | null;
}

export interface SensorReadingsTable extends TimeSeriesColumns {
  sensor_type: string;
  value: number | null;
  state: string | null;
}

export interface SystemHealthTable extends TimeSeriesColumns {
  cpu_percent: number | null;
  memory_percent: number | null;
  disk_percent: number | null;
  uptime_seconds: number | null;
}

export interface DeviceAlertsTable {
  id: BigintId;
  source_id: string;
  message_id: string;
  topic: string;
  alert_type: string;
  severity: AlertSeverity;
  message: string;
  device_id: number | null;
  client_id: number | null;
  tenant_id: number | null;
  lat: number | null;
  lon: number | null;
  device_time: Timestamp | null;
  received_at: Timestamp;
  stored_at: StampedByDatabase;
  clock_suspect: boolean;
  status: Generated<AlertStatus>;
  acknowledged_by: number | null;
  acknowledged_at: Timestamp | null;
  resolved_by: number | null;
  resolved_at: Timestamp | null;
  note: string | null;
  version: Generated<number>;
  urgency: GeneratedAlways<number>;
  raw: Json;
}

export interface CommandsTable {
  id: BigintId;
  device_id: number;
  client_id: number | null;
  tenant_id: number | null;
  name: string;
  params: Json;
  status: Generated<string>;
  requested_by: number | null;
  issued_at: StampedByDatabase;
  expires_at: Timestamp;
  sent_at: Timestamp | null;
  delivered_at: Timestamp | null;
  finished_at: Timestamp | null;
  superseded_by: string | null;
  result: Json | null;
  reason: string | null;
}

export interface AuditLogTable {
  id: BigintId;
  at: StampedByDatabase;
  actor_user_id: number | null;
  action: string;
  subject_type: string;
  subject_id: string;
  tenant_id: number | null;
  client_id: number | null;
  correlation_id: string | null;
  details: JSONColumnType<Record<string, unknown>>;
}

export interface QuarantineTable {
  id: BigintId;
  topic: string;
  source_id: string | null;
  message_id: string | null;
  reason: string;
  detail: string | null;
  payload: Buffer;
  payload_bytes: number;
  received_at: Timestamp;
  replayed_at: Timestamp | null;
}

export interface DeadLettersTable {
  id: BigintId;
  queue: string;
  task_name: string;
  job_id: string;
  params: Json;
  reason: string;
  detail: string;
  attempts: number;
  correlation_id: string | null;
  failed_at: Timestamp;
  status: Generated<'open' | 'requeued' | 'discarded'>;
  handled_by: number | null;
  handled_at: Timestamp | null;
}

export interface IdempotencyRecordsTable {
  key: string;
  task_name: string;
  scope: string;
  state: 'running' | 'failed' | 'done';
  claim_id: string;
  job_id: string;
  fence: number;
  lease_until: Timestamp;
  steps: Generated<Json>;
  result: Json | null;
  claimed_at: StampedByDatabase;
  finished_at: Timestamp | null;
  expires_at: Timestamp;
}

/** Which door of the channel layer a broadcast came through. */
export type BroadcastTarget = 'group' | 'user' | 'tenant' | 'noc_dashboard' | 'task_progress';

export interface BroadcastOutboxTable {
  id: BigintId;
  event_id: string;
  group_name: string;
  target: BroadcastTarget;
  message_type: EventType;
  priority: BroadcastPriority;
  data: Json;
  task_id: string | null;
  task_name: string | null;
  first_tried_at: Timestamp;
  kept_at: StampedByDatabase;
}

export interface SchedulesTable {
  id: GeneratedAlways<number>;
  name: string;
  task_name: string;
  params: Json;
  cron: string | null;
  every_seconds: number | null;
  time_zone: Generated<string>;
  enabled: Generated<boolean>;
  catch_up: Generated<CatchUpPolicy>;
  catch_up_limit: Generated<number>;
  overlap: Generated<OverlapPolicy>;
  jitter_seconds: Generated<number>;
  starts_at: Timestamp | null;
  ends_at: Timestamp | null;
  next_slot_at: InfiniteTimestamp | null;
  last_slot_at: Timestamp | null;
  last_error: string | null;
  retry_at: Timestamp | null;
  created_by: string | null;
  created_at: StampedByDatabase;
  updated_at: StampedByDatabase;
  version: Generated<number>;
}

export interface ScheduleRunsTable {
  id: BigintId;
  schedule_id: number;
  slot_at: Timestamp;
  cause: ScheduleRunCause;
  state: ScheduleRunState;
  reason: string | null;
  slots: Generated<number>;
  task_name: string;
  params: Json;
  queue: string | null;
  job_id: string | null;
  redis_lineage: string | null;
  recoveries: Generated<number>;
  look_at: StampedByDatabase;
  decided_at: StampedByDatabase;
  enqueued_at: Timestamp | null;
  started_at: Timestamp | null;
  finished_at: Timestamp | null;
}

/** Every table as Kysely sees it. The migrations are the truth; this is their shadow in types. */
export interface Database {
  tenants: TenantsTable;
  clients: ClientsTable;
  users: UsersTable;
  devices: DevicesTable;
  device_telemetry: DeviceTelemetryTable;
  guard_locations: GuardLocationsTable;
  sensor_readings: SensorReadingsTable;
  system_health: SystemHealthTable;
  device_alerts: DeviceAlertsTable;
  commands: CommandsTable;
  audit_log: AuditLogTable;
  quarantine: QuarantineTable;
  dead_letters: DeadLettersTable;
  broadcast_outbox: BroadcastOutboxTable;
  schedules: SchedulesTable;
  schedule_runs: ScheduleRunsTable;
  idempotency_records: IdempotencyRecordsTable;
}
