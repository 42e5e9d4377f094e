import { asText, isRecord } from '../wire/wire-guards.ts';
import type { EventEnvelope } from '../wire/wire-types.ts';

/** What the bus reports about itself rather than about a site: a refused message, a device that went quiet. */
export interface SystemNotice {
  /** Unique per event: its place in its group's history. */
  readonly key: string;
  /** A stable word such as `alert_refused`. */
  readonly code: string;
  readonly reason: string;
  readonly sourceId: string | null;
  readonly topic: string | null;
  /** The beginning of what came in, when something was refused. */
  readonly excerpt: string | null;
  readonly occurredAt: string;
}

/** Reads a `system_alert`; missing parts are left open rather than making the notice disappear. */
export function readSystemNotice(event: EventEnvelope<object>): SystemNotice {
  const data: Record<string, unknown> = isRecord(event.data) ? event.data : {};
  return {
    key: `${event.group}:${event.epoch}:${event.offset}`,
    code: asText(data.code, 'system_alert'),
    reason: asText(data.reason, asText(data.message, 'The bus reported a problem without saying which.')),
    sourceId: asText(data.source_id, '') || null,
    topic: asText(data.topic, '') || null,
    excerpt: asText(data.excerpt, '') || null,
    occurredAt: asText(data.occurred_at, event.timestamp),
  };
}
