import mqtt, { type MqttClient } from 'mqtt';

export interface BrokerAccess {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** Publishes alerts as a device does: MQTT 5, QoS 1, one connection. */
export class AlertPublisher {
  readonly #client: MqttClient;
  #unacknowledged = 0;

  private constructor(client: MqttClient) {
    this.#client = client;
  }

  static async connect(broker: BrokerAccess): Promise<AlertPublisher> {
    const client = await mqtt.connectAsync(broker.url, {
      protocolVersion: 5,
      username: broker.username,
      password: broker.password,
      reconnectPeriod: 0,
    });
    (client.stream as { setNoDelay?: (on: boolean) => void }).setNoDelay?.(true);
    return new AlertPublisher(client);
  }

  /** Publishes one alert whose message id is `id`; the id comes back in the alert's `message_id`. */
  publish(id: string, sourceId: string, severity = 'high'): void {
    this.#unacknowledged += 1;
    const payload = JSON.stringify({
      id,
      alert_type: 'panic',
      severity,
      message: `panic button pressed at gate ${sourceId}`,
      location: { lat: 41.015137, lon: 28.97953 },
      timestamp: new Date().toISOString(),
    });
    this.#client.publish(`alert/panic/${sourceId}`, payload, { qos: 1 }, (error) => {
      if (error) throw error;
      this.#unacknowledged -= 1;
    });
  }

  /** Publishes that the broker has not confirmed yet. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  async close(): Promise<void> {
    await this.#client.endAsync();
  }
}
