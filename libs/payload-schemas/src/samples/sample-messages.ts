import {
  AcknowledgeAlertRequest,
  HistoryRequest,
  SendCommandRequest,
  SubscribeClientRequest,
} from '../client/client-requests.ts';
import { DownlinkAck, DownlinkCommand, DownlinkError } from '../downlink/downlink.ts';
import { AlertView } from '../events/alert-view.ts';
import { EventEnvelope } from '../events/event-envelope.ts';
import { CommandReplyPayload } from '../inbound/command-reply.payload.ts';
import { DeviceAlertPayload } from '../inbound/device-alert.payload.ts';
import { DeviceTelemetryPayload } from '../inbound/device-telemetry.payload.ts';
import { GuardGpsPayload } from '../inbound/guard-gps.payload.ts';
import { SensorStatusPayload } from '../inbound/sensor-status.payload.ts';
import { SystemHealthPayload } from '../inbound/system-health.payload.ts';
import { CommandReplyJob } from '../jobs/command-reply.job.ts';
import { DeviceAlertJob } from '../jobs/device-alert.job.ts';
import { DeviceTelemetryBatchJob } from '../jobs/device-telemetry.job.ts';
import { GuardGpsBatchJob } from '../jobs/guard-gps.job.ts';
import { PublishMqttJob } from '../jobs/publish-mqtt.job.ts';
import { SensorBatchJob } from '../jobs/sensor.job.ts';
import { SystemHealthBatchJob } from '../jobs/system-health.job.ts';
import type { PayloadClass } from '../rules/rule.ts';

const TIME = '2026-01-01T00:00:00.000Z';
const ENTRY = {
  message_id: 'm-1',
  device_time: TIME,
  received_at: TIME,
  clock_suspect: false,
  raw: { a: 1 },
};

/** One complete, valid message of every class that crosses a bus: what specs start from and break, and what reference pages show. */
export const SAMPLE_MESSAGES: readonly (readonly [PayloadClass, Record<string, unknown>])[] = [
  [
    DeviceTelemetryPayload,
    { battery: 87, signal: -71, temperature: 24.5, connectivity: '4g', humidity: 40, timestamp: TIME },
  ],
  [
    GuardGpsPayload,
    { lat: 19.07, lon: 72.87, accuracy: 5, guard_id: 7, client_id: 3, timestamp: 1_767_225_600 },
  ],
  [SensorStatusPayload, { type: 'smoke', value: 12.5, state: 'ok', timestamp: 1_767_225_600_000 }],
  [SystemHealthPayload, { cpu: 50, memory: 60.5, disk: 70, uptime: 86_400, timestamp: TIME }],
  [
    CommandReplyPayload,
    { command_id: 9, status: 'succeeded', result: { ok: true }, reason: '', timestamp: TIME },
  ],
  [
    DeviceAlertPayload,
    {
      alert_type: 'fire',
      severity: 'critical',
      message: 'Smoke',
      location: { lat: 1, lon: 2 },
      timestamp: TIME,
    },
  ],
  [DownlinkAck, { message_id: 'm-1', topic: 'alert/fire/s-1', stored_at: TIME }],
  [DownlinkError, { message_id: 'm-1', topic: 'alert/fire/s-1', code: 'json', reason: 'no JSON' }],
  [
    DownlinkCommand,
    { command_id: 9, name: 'reboot', params: { delay: 5 }, issued_at: TIME, expires_at: TIME },
  ],
  [
    DeviceAlertJob,
    {
      message_id: 'm-1',
      topic: 'alert/fire/s-1',
      source_id: 's-1',
      alert_type: 'fire',
      severity: 'high',
      message: 'Smoke',
      location: { lat: 1, lon: 2 },
      device_time: TIME,
      received_at: TIME,
      clock_suspect: false,
      raw: {},
    },
  ],
  [
    DeviceTelemetryBatchJob,
    { messages: [{ ...ENTRY, device_id: 'd-1', battery: 5, readings: { humidity: 40 } }] },
  ],
  [
    GuardGpsBatchJob,
    { messages: [{ ...ENTRY, source_id: 'g-1', lat: 1, lon: 2, accuracy: 3, guard_id: 4 }] },
  ],
  [SensorBatchJob, { messages: [{ ...ENTRY, source_id: 's-1', type: 'smoke', value: 120 }] }],
  [SystemHealthBatchJob, { messages: [{ ...ENTRY, source_id: 'edge-1', cpu: 5 }] }],
  [
    CommandReplyJob,
    { ...ENTRY, device_id: 'd-1', command_id: 9, status: 'failed', result: [1, 'two'], reason: 'no power' },
  ],
  [
    PublishMqttJob,
    {
      topic: 'downlink/d-1/command',
      payload: { command_id: 9, name: 'reboot', params: {}, issued_at: TIME, expires_at: TIME },
      qos: 1,
      retain: false,
    },
  ],
  [
    EventEnvelope,
    {
      type: 'critical_alert',
      data: { a: 1 },
      priority: 'critical',
      timestamp: TIME,
      task_id: 't-1',
      task_name: 'process_device_alert',
      group: 'noc_dashboard',
      epoch: 'e1',
      offset: '18446744073709551615',
    },
  ],
  [
    AlertView,
    {
      alert_id: 1,
      message_id: 'm-1',
      alert_type: 'fire',
      severity: 'high',
      message: 'Smoke',
      source_id: 's-1',
      device_id: 2,
      client_id: 3,
      client_name: 'North Mall',
      tenant_id: 4,
      location: null,
      status: 'new',
      clock_suspect: false,
      device_time: null,
      received_at: TIME,
      stored_at: TIME,
      acknowledged_by: null,
      acknowledged_at: null,
      resolved_by: null,
      resolved_at: null,
      note: null,
      version: 1,
    },
  ],
  [SubscribeClientRequest, { client_id: 3 }],
  [AcknowledgeAlertRequest, { alert_id: 3, note: 'seen' }],
  [SendCommandRequest, { device_id: 3, name: 'lock.door', params: {}, ttl_seconds: 60 }],
  [HistoryRequest, { group: 'noc_dashboard', epoch: 'e1', offset: '42' }],
];
