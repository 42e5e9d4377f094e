import { Id, JsonObject, Text, WireTime } from '../rules/rules.ts';
import { MAX_MESSAGE_ID_LENGTH } from '../inbound/segment.ts';

/** `downlink/{sourceId}/ack`: the alert with this id is stored in Postgres. This is what a device may rely on. */
export class DownlinkAck {
  @Text(MAX_MESSAGE_ID_LENGTH) message_id!: string;
  @Text(256) topic!: string;
  @WireTime() stored_at!: string;
}

/** `downlink/{sourceId}/error`: a message was refused, and why. */
export class DownlinkError {
  @Text(MAX_MESSAGE_ID_LENGTH, { optional: true }) message_id?: string | null;
  @Text(256) topic!: string;
  @Text(64) code!: string;
  @Text(1000) reason!: string;
}

/** `downlink/{sourceId}/command`: what a device is asked to do. It must not act on it after `expires_at`. */
export class DownlinkCommand {
  @Id() command_id!: number;
  @Text(64) name!: string;
  @JsonObject() params!: Record<string, unknown>;
  @WireTime() issued_at!: string;
  @WireTime() expires_at!: string;
}
