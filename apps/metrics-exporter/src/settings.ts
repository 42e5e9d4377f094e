import { FollowsRule, MqttSettings, RedisSettings, RuntimeSettings, Setting } from '@bus/platform';
import { IsInt, IsNotEmpty, Max, Min, MinLength } from 'class-validator';
import { AddressRanges } from './access/address-ranges.ts';

/** Where metrics are served, to whom, and how long a silent process is remembered. */
export class ExporterSettings {
  @Setting({
    description: 'Address /metrics/export/ is served on. 0.0.0.0 in a container.',
    default: '127.0.0.1',
  })
  @IsNotEmpty()
  EXPORTER_HOST!: string;

  @Setting({
    description: 'Port /metrics/export/ is served on. 0 takes a free one; the log tells which.',
    default: 9464,
  })
  @IsInt()
  @Min(0)
  @Max(65_535)
  EXPORTER_PORT!: number;

  @Setting({
    description:
      'Comma separated addresses or CIDR ranges that may read the metrics. Empty: everybody; required in production.',
    default: [],
    example: '10.0.0.0/8,::1',
  })
  @FollowsRule('areRanges', rangesProblem)
  PROMETHEUS_ALLOWED_IPS!: string[];

  @Setting({
    description:
      'Key a reader must send, as "Authorization: Bearer <key>" or "X-API-Key: <key>". Without it the address decides.',
    secret: true,
    optional: true,
  })
  @MinLength(16, { message: 'must have at least 16 characters' })
  PROMETHEUS_API_KEY?: string;

  @Setting({
    description:
      'Comma separated addresses or CIDR ranges of proxies whose X-Forwarded-For is believed. Empty: nobody is believed.',
    default: [],
    example: '10.0.0.0/8',
  })
  @FollowsRule('areRanges', rangesProblem)
  TRUSTED_PROXIES!: string[];

  @Setting({
    description:
      'Seconds without new metrics after which a process counts as down (up 0). Some snapshot intervals.',
    default: 15,
  })
  @IsInt()
  @Min(1)
  @Max(3_600)
  EXPORTER_SILENT_AFTER_SECONDS!: number;

  @Setting({
    description:
      'Seconds after which a silent process is forgotten. One that stops cleanly is forgotten at once.',
    default: 300,
  })
  @IsInt()
  @Min(1)
  @Max(86_400)
  EXPORTER_FORGET_AFTER_SECONDS!: number;

  static problems(settings: ExporterSettings): string[] {
    return settings.EXPORTER_FORGET_AFTER_SECONDS < settings.EXPORTER_SILENT_AFTER_SECONDS
      ? ['EXPORTER_FORGET_AFTER_SECONDS must not be less than EXPORTER_SILENT_AFTER_SECONDS']
      : [];
  }

  static productionProblems(settings: ExporterSettings): string[] {
    return (settings.PROMETHEUS_ALLOWED_IPS ?? []).length === 0
      ? ['PROMETHEUS_ALLOWED_IPS must name who may read the metrics in production; it is empty']
      : [];
  }
}

/** The broker whose state is exported. Optional: without an address there are no `bus_mqtt_broker_*` metrics. */
export class BrokerSettings extends MqttSettings {
  @Setting({
    description:
      'Host name or address of the MQTT broker whose $SYS state is exported. Without it there is none.',
    optional: true,
    example: '127.0.0.1',
  })
  override MQTT_BROKER_ADDRESS!: string;

  static isGiven(settings: BrokerSettings): boolean {
    return (settings.MQTT_BROKER_ADDRESS as string | undefined) !== undefined;
  }

  static override productionProblems(settings: BrokerSettings): string[] {
    return BrokerSettings.isGiven(settings) ? MqttSettings.productionProblems(settings) : [];
  }
}

/** Everything the process reads from its environment. */
export const SECTIONS = {
  runtime: RuntimeSettings,
  redis: RedisSettings,
  broker: BrokerSettings,
  exporter: ExporterSettings,
};

export type Settings = { readonly [K in keyof typeof SECTIONS]: InstanceType<(typeof SECTIONS)[K]> };

function rangesProblem(entries: unknown): string | undefined {
  if (!Array.isArray(entries)) return 'must be a list';
  const position = entries.findIndex((entry) => !AddressRanges.isRange(String(entry)));
  return position < 0
    ? undefined
    : `entry ${position + 1} is neither an IP address nor a CIDR range such as 10.0.0.0/8`;
}
