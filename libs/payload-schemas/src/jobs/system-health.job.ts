import { SEGMENT_PATTERN } from '../inbound/segment.ts';
import { ListOf, Matching, NumberFrom } from '../rules/rules.ts';
import { JOB_LIMITS } from '../validation/message-limits.ts';
import { BatchEntry, MAX_BATCH_MESSAGES } from './batch-entry.ts';

export class SystemHealthEntry extends BatchEntry {
  /** The system's name in the topic and at the broker. */
  @Matching(SEGMENT_PATTERN, 'a topic segment') source_id!: string;
  @NumberFrom(0, 100, '%', { optional: true }) cpu?: number | null;
  @NumberFrom(0, 100, '%', { optional: true }) memory?: number | null;
  @NumberFrom(0, 100, '%', { optional: true }) disk?: number | null;
  /** Seconds. */
  @NumberFrom(0, 10_000_000_000, 's', { optional: true }) uptime?: number | null;
}

/** Parameters of `process_system_health`: many reports of any systems, in the order they arrived. */
export class SystemHealthBatchJob {
  static readonly limits = JOB_LIMITS;
  @ListOf(() => SystemHealthEntry, 1, MAX_BATCH_MESSAGES) messages!: SystemHealthEntry[];
}
