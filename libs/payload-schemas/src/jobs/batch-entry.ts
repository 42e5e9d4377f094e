import { MAX_MESSAGE_ID_LENGTH } from '../inbound/segment.ts';
import { Flag, JsonObject, Text, WireTime } from '../rules/rules.ts';

/** The most messages one batch job may carry. */
export const MAX_BATCH_MESSAGES = 1000;

/** What every message in a batch carries. */
export abstract class BatchEntry {
  /** Unique per source and kind of message, not across sources. */
  @Text(MAX_MESSAGE_ID_LENGTH) message_id!: string;
  @WireTime() device_time!: string;
  @WireTime() received_at!: string;
  @Flag() clock_suspect!: boolean;
  /** What the device sent, unknown fields included. */
  @JsonObject() raw!: Record<string, unknown>;
}
