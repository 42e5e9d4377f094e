export { DeviceTelemetryPayload, furtherReadings, MAX_READINGS } from './inbound/device-telemetry.payload.ts';
export { GuardGpsPayload } from './inbound/guard-gps.payload.ts';
export { SensorStatusPayload } from './inbound/sensor-status.payload.ts';
export {
  ALERT_SEVERITIES,
  DeviceAlertPayload,
  GeoPoint,
  MAX_ALERT_MESSAGE_LENGTH,
} from './inbound/device-alert.payload.ts';
export type { AlertSeverity } from './inbound/device-alert.payload.ts';
export { SystemHealthPayload } from './inbound/system-health.payload.ts';
export { COMMAND_REPLY_STATUSES, CommandReplyPayload } from './inbound/command-reply.payload.ts';
export type { CommandReplyStatus } from './inbound/command-reply.payload.ts';
export { DEFAULT_ALERT_SEVERITY, normaliseAlert } from './inbound/normalise-alert.ts';
export type { AlertArrival } from './inbound/normalise-alert.ts';
export { MAX_MESSAGE_ID_LENGTH, SEGMENT_PATTERN } from './inbound/segment.ts';

export { DownlinkAck, DownlinkCommand, DownlinkError } from './downlink/downlink.ts';

export { BatchEntry, MAX_BATCH_MESSAGES } from './jobs/batch-entry.ts';
export { CommandReplyJob } from './jobs/command-reply.job.ts';
export { DeviceAlertJob } from './jobs/device-alert.job.ts';
export { DeviceTelemetryBatchJob, DeviceTelemetryEntry } from './jobs/device-telemetry.job.ts';
export { GuardGpsBatchJob, GuardGpsEntry } from './jobs/guard-gps.job.ts';
export { PublishMqttJob } from './jobs/publish-mqtt.job.ts';
export { SensorBatchJob, SensorEntry } from './jobs/sensor.job.ts';
export { SystemHealthBatchJob, SystemHealthEntry } from './jobs/system-health.job.ts';

export { ALERT_STATUSES, AlertView } from './events/alert-view.ts';
export type { AlertStatus } from './events/alert-view.ts';
export type { AlertEventData, SystemAlertData, TaskProgressData } from './events/event-data.ts';
export { BROADCAST_PRIORITIES, EVENT_TYPES, EventEnvelope, OFFSET_PATTERN } from './events/event-envelope.ts';
export type { BroadcastPriority, EventType } from './events/event-envelope.ts';
export {
  nocClientGroup,
  nocDashboardGroup,
  parseGroupName,
  tenantGroup,
  userGroup,
} from './events/groups.ts';
export type { GroupName, ParsedGroup } from './events/groups.ts';
export { RESUME_RESULTS } from './events/subscribed-event.ts';
export type { ResumeResult, SubscribedEvent, SubscribedGroup } from './events/subscribed-event.ts';

export {
  AcknowledgeAlertRequest,
  CLIENT_REQUESTS,
  HeartbeatRequest,
  HistoryRequest,
  RequestMetricsRequest,
  ResolveAlertRequest,
  SendCommandRequest,
  SubscribeClientRequest,
} from './client/client-requests.ts';
export type { ClientAck, ClientRequest, ClientRequestName } from './client/client-requests.ts';

export { AtLeastOne, WholeMessage } from './rules/class-rule.ts';
export type { ClassRule } from './rules/class-rule.ts';
export {
  AlertId,
  DeviceTime,
  Flag,
  Id,
  IntegerFrom,
  JsonObject,
  JsonValue,
  ListOf,
  Matching,
  Nested,
  NumberFrom,
  NumberRecord,
  OneOf,
  Text,
  WireTime,
  isPlainObject,
} from './rules/rules.ts';
export type { JsonSchema, PayloadClass, RuleOptions } from './rules/rule.ts';
export { Sensitive } from './rules/sensitive.ts';

export {
  MAX_CLOCK_AHEAD_MS,
  MAX_CLOCK_BEHIND_MS,
  isClockSuspect,
  isTimestampSuspect,
  parseDeviceTime,
} from './time/device-time.ts';
export { asStored, hostileMessages } from './samples/hostile-messages.ts';
export type { HostileMessage } from './samples/hostile-messages.ts';
export { SAMPLE_MESSAGES } from './samples/sample-messages.ts';
export { jsonSchemaOf } from './validation/json-schema.ts';
export { JOB_LIMITS, PAYLOAD_LIMITS } from './validation/message-limits.ts';
export type { MessageLimits } from './validation/message-limits.ts';
export { boundedCopy, storableText } from './validation/payload-guards.ts';
export type { Problem } from './validation/payload-guards.ts';
export { fieldNamesOf } from './validation/class-plan.ts';
export { hasSensitiveFields, mapSensitive } from './validation/sensitive-fields.ts';
export type { ReplaceSensitive } from './validation/sensitive-fields.ts';
export { validatePayload } from './validation/validate-payload.ts';
export type { Validation } from './validation/validate-payload.ts';
