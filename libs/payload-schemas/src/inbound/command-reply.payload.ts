import { DeviceTime, Id, JsonValue, OneOf, Text } from '../rules/rules.ts';

/** How far a device got with a command. `received` is not an end; the other three are. */
export const COMMAND_REPLY_STATUSES = ['received', 'succeeded', 'failed', 'rejected'] as const;
export type CommandReplyStatus = (typeof COMMAND_REPLY_STATUSES)[number];

/** `device/{deviceId}/command-reply`: a device's answer to a command it was sent on `downlink/{deviceId}/command`. */
export class CommandReplyPayload {
  @Id() command_id!: number;
  @OneOf(COMMAND_REPLY_STATUSES) status!: CommandReplyStatus;
  /** Whatever the command gives back. */
  @JsonValue() result?: unknown;
  /** Why it failed or was rejected. */
  @Text(1000, { optional: true, minLength: 0 }) reason?: string | null;
  @DeviceTime({ optional: true }) timestamp?: string | number | null;
}
