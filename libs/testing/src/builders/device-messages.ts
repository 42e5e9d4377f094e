import { randomUUID } from 'node:crypto';

/** What a device publishes: wire form, snake_case. */
export interface DeviceMessage<P extends object> {
  topic: string;
  messageId: string;
  payload: P;
  /** `payload` as the bytes on the wire. */
  bytes: Buffer;
  /** For mqtt.js: MQTT 5 properties that carry the message id. */
  properties: { userProperties: { message_id: string } };
}

export interface AlertFields {
  alert_type: string;
  severity: string;
  message: string;
  location: { lat: number; lon: number } | null;
  timestamp: string;
}

export interface TelemetryFields {
  battery?: number;
  signal?: number;
  temperature?: number;
  connectivity?: string;
  timestamp: string | number;
  [reading: string]: unknown;
}

export interface GuardGpsFields {
  lat: number;
  lon: number;
  accuracy: number;
  guard_id: number;
  client_id: number;
  timestamp: string;
}

interface Origin {
  sourceId?: string;
  messageId?: string;
  /** Any JSON fields; they are put over the valid ones. */
  fields?: Record<string, unknown>;
}

/** A valid alert with a message id of its own. */
export function buildAlertMessage(origin: Origin & { alertType?: string } = {}): DeviceMessage<AlertFields> {
  const alertType = (origin.fields?.['alert_type'] as string | undefined) ?? origin.alertType ?? 'panic';
  return message(`alert/${origin.alertType ?? alertType}/${origin.sourceId ?? 'device-1'}`, origin, {
    alert_type: alertType,
    severity: 'critical',
    message: 'Panic button pressed',
    location: { lat: 19.076, lon: 72.8777 },
    timestamp: new Date().toISOString(),
  });
}

/** Valid telemetry with a message id of its own. */
export function buildTelemetryMessage(origin: Origin = {}): DeviceMessage<TelemetryFields> {
  return message(`device/${origin.sourceId ?? 'device-1'}/telemetry`, origin, {
    battery: 87,
    signal: -71,
    temperature: 24.5,
    connectivity: 'lte',
    timestamp: new Date().toISOString(),
  });
}

/** A valid position of a guard with a message id of its own. */
export function buildGuardGpsMessage(origin: Origin = {}): DeviceMessage<GuardGpsFields> {
  return message(`guard/${origin.sourceId ?? 'guard-1'}/gps`, origin, {
    lat: 19.076,
    lon: 72.8777,
    accuracy: 5,
    guard_id: 1,
    client_id: 1,
    timestamp: new Date().toISOString(),
  });
}

function message<P extends object>(topic: string, origin: Origin, defaults: P): DeviceMessage<P> {
  const messageId = origin.messageId ?? randomUUID();
  const payload = { ...defaults, ...origin.fields } as P;
  return {
    topic,
    messageId,
    payload,
    bytes: Buffer.from(JSON.stringify(payload)),
    properties: { userProperties: { message_id: messageId } },
  };
}
