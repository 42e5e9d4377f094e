import { SEGMENT_PATTERN } from '../inbound/segment.ts';
import { Id, ListOf, Matching, NumberFrom } from '../rules/rules.ts';
import { JOB_LIMITS } from '../validation/message-limits.ts';
import { BatchEntry, MAX_BATCH_MESSAGES } from './batch-entry.ts';

export class GuardGpsEntry extends BatchEntry {
  /** The guard's name in the topic and at the broker. */
  @Matching(SEGMENT_PATTERN, 'a topic segment') source_id!: string;
  @NumberFrom(-90, 90, 'degrees') lat!: number;
  @NumberFrom(-180, 180, 'degrees') lon!: number;
  /** Metres. */
  @NumberFrom(0, 1_000_000, 'm', { optional: true }) accuracy?: number | null;
  /** What the guard's phone claims; not to be trusted. */
  @Id({ optional: true }) guard_id?: number | null;
  /** What the guard's phone claims; not to be trusted. */
  @Id({ optional: true }) client_id?: number | null;
}

/** Parameters of `process_guard_gps`: many positions of any guards, in the order they arrived. */
export class GuardGpsBatchJob {
  static readonly limits = JOB_LIMITS;
  @ListOf(() => GuardGpsEntry, 1, MAX_BATCH_MESSAGES) messages!: GuardGpsEntry[];
}
