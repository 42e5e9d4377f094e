import { IsInt, Matches, Max, Min } from 'class-validator';
import { MAX_BATCH_MESSAGES } from '@bus/payload-schemas';
import {
  EncryptionSettings,
  MqttSettings,
  PostgresSettings,
  RedisSettings,
  RuntimeSettings,
  Setting,
} from '@bus/platform';
import { MAX_TOPIC_BYTES } from '@bus/topic-whitelist';

const MIB = 1024 * 1024;

/** How this process takes messages from the broker and hands them on. */
export class IngestSettings {
  @Setting({
    description:
      'Client id at the broker; alerts come over a second connection named {id}-alerts. The broker keeps what this process has not finished under this name, so it must be stable over restarts and different for every replica.',
    default: 'mqtt-ingest-0',
  })
  @Matches(/^[A-Za-z0-9_-]{1,64}$/, { message: 'must be 1 to 64 letters, digits, - or _' })
  MQTT_CLIENT_ID!: string;

  @Setting({
    description: 'Seconds the broker keeps messages for this process while it is away; older ones are lost.',
    default: 86_400,
  })
  @IsInt()
  @Min(60)
  @Max(4_294_967_294)
  MQTT_SESSION_EXPIRY_SECONDS!: number;

  @Setting({
    description:
      'Most messages in memory, alerts and all others each. While there are as many, for instance because Redis is away, nothing more is read from the broker. The default bridges 2 s, the longest a Redis with a busy disk holds acknowledgements up, at 2 000 messages a second.',
    default: 4_000,
  })
  @IsInt()
  @Min(1)
  @Max(65_535)
  MQTT_RECEIVE_MAXIMUM!: number;

  @Setting({
    description: 'Largest payload in bytes; a topic may allow less.',
    default: MAX_TOPIC_BYTES,
  })
  @IsInt()
  @Min(1)
  @Max(MAX_TOPIC_BYTES)
  INGEST_MAX_MESSAGE_BYTES!: number;

  @Setting({
    description:
      'Most payload bytes in memory, of alerts and of all others each; while there are as many, nothing more is read from the broker.',
    default: 64 * MIB,
  })
  @IsInt()
  @Min(MIB)
  @Max(4096 * MIB)
  INGEST_MAX_HELD_BYTES!: number;

  @Setting({
    description: 'Most messages in one batch job (telemetry, positions, sensors, health).',
    default: 250,
  })
  @IsInt()
  @Min(1)
  @Max(MAX_BATCH_MESSAGES)
  INGEST_BATCH_MAX_MESSAGES!: number;

  @Setting({
    description: 'Milliseconds an incomplete batch waits for more messages. Alerts never wait.',
    default: 20,
  })
  @IsInt()
  @Min(0)
  @Max(1_000)
  INGEST_BATCH_MAX_WAIT_MS!: number;
}

/** Everything this app reads from its environment. */
export const SECTIONS = {
  runtime: RuntimeSettings,
  redis: RedisSettings,
  postgres: PostgresSettings,
  mqtt: MqttSettings,
  encryption: EncryptionSettings,
  ingest: IngestSettings,
};

export type Settings = { [Section in keyof typeof SECTIONS]: InstanceType<(typeof SECTIONS)[Section]> };
