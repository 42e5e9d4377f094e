import { SEGMENT_PATTERN } from '../inbound/segment.ts';
import { ListOf, Matching, NumberFrom, Text } from '../rules/rules.ts';
import { JOB_LIMITS } from '../validation/message-limits.ts';
import { BatchEntry, MAX_BATCH_MESSAGES } from './batch-entry.ts';

export class SensorEntry extends BatchEntry {
  /** The sensor's name in the topic and at the broker. */
  @Matching(SEGMENT_PATTERN, 'a topic segment') source_id!: string;
  @Text(64) type!: string;
  @NumberFrom(-1e12, 1e12, 'in the unit of the type', { optional: true }) value?: number | null;
  @Text(64, { optional: true }) state?: string | null;
}

/** Parameters of `process_sensor_data`: many readings of any sensors, in the order they arrived. */
export class SensorBatchJob {
  static readonly limits = JOB_LIMITS;
  @ListOf(() => SensorEntry, 1, MAX_BATCH_MESSAGES) messages!: SensorEntry[];
}
