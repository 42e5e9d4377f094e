import mqtt, { type MqttClient } from 'mqtt';

export interface SourceOptions {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/**
 * A device: publishes alerts over MQTT 5 and, as a device must that relies on its alerts, sends each one again until
 * the application acknowledgement on `downlink/{self}/ack` has come.
 */
export class AlertSource {
  readonly acknowledged = new Set<string>();
  readonly refusals: { code: string; reason: string; message_id?: string }[] = [];
  readonly #client: MqttClient;
  readonly #name: string;
  #isClosed = false;

  private constructor(client: MqttClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  static async connect(options: SourceOptions): Promise<AlertSource> {
    const { url, username, password } = options;
    const client = await mqtt.connectAsync(url, {
      protocolVersion: 5,
      clientId: `device-${username}`,
      username,
      password,
      reconnectPeriod: 200,
    });
    const source = new AlertSource(client, username);
    client.on('message', (topic, payload) => source.#onDownlink(topic, payload));
    // Servers are killed on purpose in these journeys; the client reconnects by itself.
    client.on('error', () => {});
    await client.subscribeAsync(`downlink/${username}/#`, { qos: 1 });
    return source;
  }

  get name(): string {
    return this.#name;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Publishes once; resolves when the broker has confirmed. */
  async publish(topic: string, payload: string | Buffer, qos: 0 | 1 | 2 = 1): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos });
  }

  /** Publishes one alert with `id` as its message id. */
  async alert(id: string, fields: Record<string, unknown> = {}, qos: 1 | 2 = 1): Promise<void> {
    await this.publish(
      `alert/panic/${this.#name}`,
      JSON.stringify({
        id,
        alert_type: 'panic',
        severity: 'critical',
        message: `panic ${id}`,
        timestamp: new Date().toISOString(),
        ...fields,
      }),
      qos,
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#client.endAsync(true);
  }

  #onDownlink(topic: string, payload: Buffer): void {
    const message = JSON.parse(payload.toString()) as { message_id: string; code: string; reason: string };
    if (topic.endsWith('/ack')) this.acknowledged.add(message.message_id);
    if (topic.endsWith('/error')) this.refusals.push(message);
  }
}
