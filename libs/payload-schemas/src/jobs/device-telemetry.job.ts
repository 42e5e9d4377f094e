import { MAX_READINGS } from '../inbound/device-telemetry.payload.ts';
import { SEGMENT_PATTERN } from '../inbound/segment.ts';
import { ListOf, Matching, NumberFrom, NumberRecord, Text } from '../rules/rules.ts';
import { JOB_LIMITS } from '../validation/message-limits.ts';
import { BatchEntry, MAX_BATCH_MESSAGES } from './batch-entry.ts';

export class DeviceTelemetryEntry extends BatchEntry {
  /** The device's name in the topic and at the broker. */
  @Matching(SEGMENT_PATTERN, 'a topic segment') device_id!: string;
  @NumberFrom(0, 100, '%', { optional: true }) battery?: number | null;
  @NumberFrom(-200, 100, 'dBm', { optional: true }) signal?: number | null;
  @NumberFrom(-273.15, 1000, '°C', { optional: true }) temperature?: number | null;
  @Text(64, { optional: true }) connectivity?: string | null;
  /** The further numeric readings, by the device's own names. */
  @NumberRecord(MAX_READINGS) readings!: Record<string, number>;
}

/** Parameters of `process_device_telemetry`: many messages of any devices, in the order they arrived. */
export class DeviceTelemetryBatchJob {
  static readonly limits = JOB_LIMITS;
  @ListOf(() => DeviceTelemetryEntry, 1, MAX_BATCH_MESSAGES) messages!: DeviceTelemetryEntry[];
}
