import { COMMAND_REPLY_STATUSES } from '../inbound/command-reply.payload.ts';
import type { CommandReplyStatus } from '../inbound/command-reply.payload.ts';
import { MAX_MESSAGE_ID_LENGTH, SEGMENT_PATTERN } from '../inbound/segment.ts';
import { Flag, Id, JsonObject, JsonValue, Matching, OneOf, Text, WireTime } from '../rules/rules.ts';
import { JOB_LIMITS } from '../validation/message-limits.ts';

/** Parameters of `process_command_reply`: one answer of one device. */
export class CommandReplyJob {
  static readonly limits = JOB_LIMITS;
  /** Unique per source, not across sources. */
  @Text(MAX_MESSAGE_ID_LENGTH) message_id!: string;
  /** The device that answers, as the broker knows it; the command must be one of its own. */
  @Matching(SEGMENT_PATTERN, 'a topic segment') device_id!: string;
  @Id() command_id!: number;
  @OneOf(COMMAND_REPLY_STATUSES) status!: CommandReplyStatus;
  @JsonValue() result?: unknown;
  @Text(1000, { optional: true, minLength: 0 }) reason?: string | null;
  /** Null when the device gave no usable time. */
  @WireTime({ optional: true }) device_time!: string | null;
  @WireTime() received_at!: string;
  @Flag() clock_suspect!: boolean;
  /** What the device sent, unknown fields included. */
  @JsonObject() raw!: Record<string, unknown>;
}
