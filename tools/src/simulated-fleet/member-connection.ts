import type { Socket } from 'node:net';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { FleetReport } from './fleet-report.ts';

/** Readings a device keeps for the broker; beyond that, new ones are left out. */
const MAX_WAITING = 50;

export interface BrokerAccess {
  host: string;
  port: number;
  /** The text of the authority's certificate; with it the connection is encrypted. */
  ca?: string;
  username: string;
  password: string;
}

/** The MQTT 5 connection of one device, under its own name, which it keeps up for ever. */
export class MemberConnection {
  private readonly client: MqttClient;
  private waiting = 0;

  constructor(
    access: BrokerAccess,
    private readonly report: FleetReport,
    onDownlink: (kind: string, message: Record<string, unknown>) => void,
  ) {
    const options: IClientOptions = {
      protocol: access.ca === undefined ? 'mqtt' : 'mqtts',
      host: access.host,
      port: access.port,
      ...(access.ca === undefined ? {} : { ca: access.ca }),
      protocolVersion: 5,
      clientId: access.username,
      username: access.username,
      password: access.password,
      clean: true,
      keepalive: 30,
      reconnectPeriod: 1_000,
      reconnectOnConnackError: true,
      queueQoSZero: false,
    };
    this.client = connect(options);
    this.client.on('connect', () => {
      (this.client.stream as Partial<Socket>).setNoDelay?.(true);
      this.client.subscribe(`downlink/${access.username}/#`, { qos: 1 }, (error) => {
        if (error) process.stderr.write(`${access.username} cannot subscribe: ${error.message}\n`);
      });
    });
    this.client.on('close', () => {
      if (!this.client.disconnecting) report.disconnects += 1;
    });
    this.client.on('error', (error) => process.stderr.write(`${access.username}: ${error.message}\n`));
    this.client.on('message', (topic, payload) => {
      onDownlink(topic.split('/')[2] ?? '', JSON.parse(payload.toString()) as Record<string, unknown>);
    });
  }

  /** Resolves at the first connection. */
  connected(): Promise<void> {
    return new Promise((resolve) => {
      if (this.client.connected) resolve();
      else this.client.once('connect', () => resolve());
    });
  }

  /** A reading: repeated until the broker acknowledges it (QoS 1), or sent once (QoS 0); left out under pressure. */
  publishReading(topic: string, topicClass: string, payload: object, qos: 0 | 1): void {
    if (this.waiting >= MAX_WAITING) this.report.skipped += 1;
    else this.publish(topic, topicClass, payload, qos);
  }

  /** Never left out. With a message id, the platform recognises a repetition. */
  publish(topic: string, topicClass: string, payload: object, qos: 0 | 1 | 2, messageId?: string): void {
    const properties = messageId === undefined ? {} : { userProperties: { message_id: messageId } };
    this.waiting += 1;
    this.client.publish(topic, JSON.stringify(payload), { qos, properties }, (error) => {
      this.waiting -= 1;
      if (error) process.stderr.write(`${topic}: ${error.message}\n`);
      else this.report.countPublished(topicClass);
    });
  }

  async end(): Promise<void> {
    await this.client.endAsync(!this.client.connected);
  }
}
