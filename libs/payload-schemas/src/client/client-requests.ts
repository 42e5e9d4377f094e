import { OFFSET_PATTERN } from '../events/event-envelope.ts';
import { AlertId, Id, IntegerFrom, JsonObject, Matching, Text } from '../rules/rules.ts';
import type { PayloadClass } from '../rules/rule.ts';

const MAX_NOTE_LENGTH = 2000;

/** Hear the broadcasts of one client. */
export class SubscribeClientRequest {
  @Id() client_id!: number;
}

export class AcknowledgeAlertRequest {
  @AlertId() alert_id!: number;
  @Text(MAX_NOTE_LENGTH, { optional: true, minLength: 0 }) note?: string | null;
}

export class ResolveAlertRequest {
  @AlertId() alert_id!: number;
  @Text(MAX_NOTE_LENGTH, { optional: true, minLength: 0 }) note?: string | null;
}

/** Ask a device to do something; after `ttl_seconds` (at most a day) it must not be done any more. */
export class SendCommandRequest {
  @Id() device_id!: number;
  @Matching(/^[A-Za-z0-9_.-]{1,64}$/, '1 to 64 letters, digits, . - or _') name!: string;
  @JsonObject() params!: Record<string, unknown>;
  @IntegerFrom(1, 86_400) ttl_seconds!: number;
}

export class RequestMetricsRequest {
  @Id({ optional: true }) client_id?: number | null;
}

/** The events of a group after a position. */
export class HistoryRequest {
  @Text(64) group!: string;
  @Text(64) epoch!: string;
  @Matching(OFFSET_PATTERN, 'a decimal whole number as text') offset!: string;
}

export class HeartbeatRequest {}

/** Every event a browser may send, with the class of its body. */
export const CLIENT_REQUESTS = {
  subscribe_client: SubscribeClientRequest,
  acknowledge_alert: AcknowledgeAlertRequest,
  resolve_alert: ResolveAlertRequest,
  send_command: SendCommandRequest,
  request_metrics: RequestMetricsRequest,
  history: HistoryRequest,
  heartbeat: HeartbeatRequest,
} as const satisfies Record<string, PayloadClass>;
export type ClientRequestName = keyof typeof CLIENT_REQUESTS;
export type ClientRequest<N extends ClientRequestName> = InstanceType<(typeof CLIENT_REQUESTS)[N]>;

/** The answer to every client event: what was asked for, or a stable code (4400 and up, as in the handshake) and a reason a person can read. */
export type ClientAck<T extends object = object> =
  ({ readonly ok: true } & T) | { readonly ok: false; readonly code: number; readonly reason: string };
