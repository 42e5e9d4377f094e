import { Injectable } from '@nestjs/common';
import { Metrics, ReadinessRegistry } from '@bus/observability';
import { MqttSettings, MqttUnavailableError } from '@bus/platform';
import type { PublishOptions } from '@bus/platform';
import { INBOUND_ROOTS } from '@bus/topic-whitelist';
import { IngestSettings } from '../settings.ts';
import { BrokerConnection } from './broker-connection.ts';
import type { Receiver } from './broker-connection.ts';

const ALERT_ROOT = 'alert/#' satisfies (typeof INBOUND_ROOTS)[number];

/**
 * The broker, over two connections. Alerts have one of their own: the broker delivers a session's messages in order, so behind
 * the telemetry of an outage an alert would wait for minutes.
 */
@Injectable()
export class Broker {
  private alerts: BrokerConnection | undefined;
  private rest: BrokerConnection | undefined;

  constructor(
    private readonly mqtt: MqttSettings,
    private readonly ingest: IngestSettings,
    private readonly metrics: Metrics,
    private readonly readiness: ReadinessRegistry,
  ) {}

  /** Connects and stays connected. Resolves after the first subscriptions. */
  async open(receive: Receiver): Promise<void> {
    const { MQTT_CLIENT_ID } = this.ingest;
    const alerts = this.connect(`${MQTT_CLIENT_ID}-alerts`, [ALERT_ROOT], receive);
    const rest = this.connect(
      MQTT_CLIENT_ID,
      INBOUND_ROOTS.filter((root) => root !== ALERT_ROOT),
      receive,
    );
    this.alerts = alerts;
    this.rest = rest;
    this.readiness.register('mqtt_alerts', () => alerts.check());
    this.readiness.register('mqtt', () => rest.check());
    this.measure([alerts, rest]);
    await Promise.all([alerts.subscribed(), rest.subscribed()]);
  }

  /**
   * Publishes to a device. Rejects when the broker is not connected or does not confirm. Goes out with the alerts: on the other
   * connection the confirmation could be late behind a backlog.
   */
  publish(topic: string, payload: object, options: PublishOptions): Promise<void> {
    return (
      this.alerts?.publisher.publish(topic, payload, options) ?? Promise.reject(new MqttUnavailableError())
    );
  }

  /** From now on nothing new is taken; what the broker still sends stays unacknowledged and is delivered again. */
  stopTaking(): void {
    this.alerts?.stopTaking();
    this.rest?.stopTaking();
  }

  /** Sends the acknowledgements that are due and leaves. The sessions stay with the broker. */
  async close(): Promise<void> {
    await Promise.all([this.alerts?.close(), this.rest?.close()]);
  }

  private connect(clientId: string, filters: readonly string[], receive: Receiver): BrokerConnection {
    const options = {
      mqtt: this.mqtt,
      clientId,
      filters,
      sessionExpirySeconds: this.ingest.MQTT_SESSION_EXPIRY_SECONDS,
      maxHeld: this.ingest.MQTT_RECEIVE_MAXIMUM,
      maxHeldBytes: this.ingest.INGEST_MAX_HELD_BYTES,
      metrics: this.metrics,
    };
    return new BrokerConnection(options, receive);
  }

  private measure(connections: readonly BrokerConnection[]): void {
    const held = this.metrics.gauge('bus_mqtt_held_acks');
    const connected = this.metrics.gauge('bus_mqtt_connected');
    this.metrics.beforeCollect(() => {
      held.set(connections.reduce((sum, connection) => sum + connection.held, 0));
      // Each connection sets the gauge when it comes and goes; this process is connected when both are.
      connected.set(connections.every((connection) => connection.isConnected) ? 1 : 0);
    });
  }
}
