import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { MetricName } from '@bus/observability';
import { connectMqtt, RepeatedWarning, RuntimeSettings, type MqttClient } from '@bus/platform';
import { BrokerSettings } from '../settings.ts';

type BrokerMetric = Extract<MetricName, `bus_mqtt_broker_${string}`>;

/** What Mosquitto publishes about itself, every 10 s by default, and the metric it becomes. */
const TOPICS: Readonly<Record<string, BrokerMetric>> = {
  '$SYS/broker/clients/connected': 'bus_mqtt_broker_clients_connected',
  '$SYS/broker/messages/received': 'bus_mqtt_broker_messages_received_total',
  '$SYS/broker/messages/sent': 'bus_mqtt_broker_messages_sent_total',
  '$SYS/broker/publish/messages/dropped': 'bus_mqtt_broker_publish_dropped_total',
  '$SYS/broker/store/messages/count': 'bus_mqtt_broker_stored_messages',
  '$SYS/broker/uptime': 'bus_mqtt_broker_uptime_seconds',
};

/**
 * The state of the broker from its `$SYS` topics, when a broker is given. Mosquitto tells a value when it changes and forgets
 * it after a minute, so one that has stood still for longer is missing until it moves.
 */
@Injectable()
export class BrokerState implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(BrokerState.name);
  readonly #warning = new RepeatedWarning(this.#logger);
  readonly #values = new Map<BrokerMetric, number>();
  #client: MqttClient | undefined;

  constructor(
    private readonly settings: BrokerSettings,
    private readonly runtime: RuntimeSettings,
  ) {}

  onApplicationBootstrap(): void {
    if (!BrokerSettings.isGiven(this.settings)) return;
    const client = connectMqtt(this.settings, {
      clientId: `metrics-exporter-${this.runtime.INSTANCE_ID}`,
      cleanStart: true,
    });
    this.#client = client;
    client.on('connect', () => void this.#subscribe(client));
    client.on('message', (topic, payload) => this.#take(topic, payload));
    // What was true before the connection broke may not be true any more.
    client.on('close', () => this.#values.clear());
  }

  async onModuleDestroy(): Promise<void> {
    await this.#client?.endAsync();
  }

  /** The newest values; empty while the broker is away or tells nothing. Null when no broker is given. */
  read(): ReadonlyMap<BrokerMetric, number> | null {
    return this.#client === undefined ? null : this.#values;
  }

  async #subscribe(client: MqttClient): Promise<void> {
    try {
      await client.subscribeAsync(Object.keys(TOPICS), { qos: 0 });
    } catch (error) {
      this.#warning.warn(
        'The broker did not accept the subscription to $SYS; its user needs read access to $SYS/broker/#.',
        error instanceof Error ? error : new Error(String(error)),
      );
    }
  }

  /** Uptime comes as "123 seconds". */
  #take(topic: string, payload: Buffer): void {
    const metric = TOPICS[topic];
    const value = Number.parseFloat(payload.toString('utf8'));
    if (metric !== undefined && Number.isFinite(value)) this.#values.set(metric, value);
  }
}
