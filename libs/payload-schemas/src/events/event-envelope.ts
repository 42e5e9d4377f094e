import { JsonObject, Matching, OneOf, Text, WireTime } from '../rules/rules.ts';
import { JOB_LIMITS } from '../validation/message-limits.ts';

/** Every event a browser can receive; the Socket.IO event carries the same name. */
export const EVENT_TYPES = [
  'alert_notification',
  'critical_alert',
  'alert_updated',
  'supervisor_alert',
  'tenant_alert',
  'system_alert',
  'task_progress',
  'task_complete',
  'ml_prediction',
  'ml_training_complete',
  'anomaly_detected',
  'device_status',
  'command_updated',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** How a broadcast is treated when a browser or Redis cannot keep up; a critical one is never dropped. */
export const BROADCAST_PRIORITIES = ['critical', 'high', 'normal', 'low'] as const;
export type BroadcastPriority = (typeof BROADCAST_PRIORITIES)[number];

/** A place in a group's history: a decimal whole number as text, since it may outgrow a JavaScript number. */
export const OFFSET_PATTERN = /^\d{1,20}$/;

/** What travels from any process to a browser. */
export class EventEnvelope<T extends object = Record<string, unknown>> {
  static readonly limits = JOB_LIMITS;
  @OneOf(EVENT_TYPES) type!: EventType;
  @JsonObject() data!: T;
  @OneOf(BROADCAST_PRIORITIES) priority!: BroadcastPriority;
  @WireTime() timestamp!: string;
  /** The task that caused it, when one did. */
  @Text(128, { optional: true }) task_id?: string | null;
  @Text(128, { optional: true }) task_name?: string | null;
  @Text(64) group!: string;
  /** Changes when a group's history was lost; offsets of different epochs cannot be compared. */
  @Text(64) epoch!: string;
  @Matching(OFFSET_PATTERN, 'a decimal whole number as text') offset!: string;
}
