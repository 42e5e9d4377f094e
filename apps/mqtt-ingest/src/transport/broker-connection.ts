import { Logger } from '@nestjs/common';
import type { Metrics } from '@bus/observability';
import { MqttPublisher, RepeatedWarning, connectMqtt } from '@bus/platform';
import type { MqttClient, MqttPublishPacket, MqttSettings } from '@bus/platform';
import { AckLedger } from './ack-ledger.ts';
import type { HeldAck } from './ack-ledger.ts';
import { IntakeValve } from './intake-valve.ts';

/** Takes one message. Must not throw and must not block. */
export type Receiver = (packet: MqttPublishPacket, ack: HeldAck) => void;

export interface BrokerConnectionOptions {
  readonly mqtt: MqttSettings;
  readonly clientId: string;
  /** What to subscribe to. */
  readonly filters: readonly string[];
  readonly sessionExpirySeconds: number;
  /** Most messages in memory; at that nothing more is read. */
  readonly maxHeld: number;
  /** Most payload bytes in memory; at that nothing more is read. */
  readonly maxHeldBytes: number;
  readonly metrics: Metrics;
}

/**
 * Everything is taken at QoS 1: the broker turns QoS 2 into QoS 1 on delivery, so there is one kind of acknowledgement to
 * withhold, and the message id makes it exactly once. Retained messages come only with a new subscription.
 */
const SUBSCRIPTION = { qos: 1, rh: 1 } as const;
const SUBSCRIBE_RETRY_MS = 5_000;

const SHORT_LIVED_MS = 5_000;
const SUSPICIOUS_CONNECTIONS = 3;

/** How long a frozen broker may keep this process from ending. */
const LEAVE_TIMEOUT_MS = 2_000;

/** Tells the MQTT client not to acknowledge. It passes by its error handling: it is neither logged nor emitted. */
const HELD = new Error('the acknowledgement is withheld');

/**
 * One connection to the broker: a lasting session in which no message is acknowledged before its receiver settles it. A
 * message that is not settled when the process or the connection ends is delivered again, in order.
 */
export class BrokerConnection {
  readonly publisher: MqttPublisher;
  private readonly logger = new Logger(BrokerConnection.name);
  private readonly warning = new RepeatedWarning(this.logger);
  private readonly rivalWarning = new RepeatedWarning(this.logger);
  private readonly options: BrokerConnectionOptions;
  private readonly client: MqttClient;
  private readonly intake: IntakeValve;
  private readonly keepAliveMs: number;
  /** The present connection's ledger last; before it those whose messages may still be redelivered or not. */
  private ledgers: AckLedger[] = [];
  private keptAliveAt = performance.now();
  private connectedAt = Number.NEGATIVE_INFINITY;
  private shortLived = 0;
  private isSubscribed = false;
  private isTaking = true;
  private subscribeTimer: NodeJS.Timeout | undefined;
  private readonly firstSubscription: Promise<void>;
  private onFirstSubscription: () => void = () => undefined;

  /** Connects, and stays connected until `close`. */
  constructor(options: BrokerConnectionOptions, receive: Receiver) {
    this.options = options;
    this.firstSubscription = new Promise((resolve) => {
      this.onFirstSubscription = resolve;
    });
    this.keepAliveMs = (options.mqtt.MQTT_KEEPALIVE_SECONDS * 1000) / 2;
    this.intake = new IntakeValve({
      isFull: () => this.held >= options.maxHeld || this.heldBytes >= options.maxHeldBytes,
      keepAlive: () => this.keepAlive(),
      keepAliveMs: this.keepAliveMs,
    });
    this.client = connectMqtt(options.mqtt, {
      clientId: options.clientId,
      cleanStart: false,
      sessionExpirySeconds: options.sessionExpirySeconds,
      receiveMaximum: options.maxHeld,
      metrics: options.metrics,
    });
    // In the same turn as the connecting: a resumed session delivers right after the handshake.
    this.client.handleMessage = (packet, done) => {
      this.take(packet, receive);
      this.intake.next(() => done(packet.qos === 0 ? undefined : HELD));
    };
    this.publisher = new MqttPublisher(this.client);
    this.watch();
  }

  /** Messages in memory that are not finished. */
  get held(): number {
    return this.ledgers.reduce((sum, ledger) => sum + ledger.held, 0);
  }

  get isConnected(): boolean {
    return this.client.connected;
  }

  /** Resolves after the first subscription. */
  subscribed(): Promise<void> {
    return this.firstSubscription;
  }

  /** Rejects with the reason when messages cannot arrive. */
  check(): Promise<void> {
    if (!this.client.connected) return Promise.reject(new Error('not connected to the broker'));
    if (!this.isSubscribed) return Promise.reject(new Error('connected to the broker, but not subscribed'));
    return Promise.resolve();
  }

  /** From now on nothing new is taken; what the broker still sends stays unacknowledged and is delivered again. */
  stopTaking(): void {
    this.isTaking = false;
    this.intake.reset();
  }

  /** Sends the acknowledgements that are due and leaves. The session stays with the broker. */
  async close(): Promise<void> {
    this.stopTaking();
    clearTimeout(this.subscribeTimer);
    for (const ledger of this.ledgers) ledger.flush();
    const patience = setTimeout(() => this.client.end(true), LEAVE_TIMEOUT_MS);
    await this.client.endAsync();
    clearTimeout(patience);
  }

  private get heldBytes(): number {
    return this.ledgers.reduce((sum, ledger) => sum + ledger.heldBytes, 0);
  }

  private watch(): void {
    this.client.on('connect', ({ sessionPresent }) => {
      this.connectedAt = performance.now();
      this.forgetOldLedgers(sessionPresent);
      void this.subscribe();
    });
    this.client.on('close', () => {
      this.isSubscribed = false;
      clearTimeout(this.subscribeTimer);
      this.intake.reset();
      this.watchForRival();
    });
  }

  /**
   * Two processes with one client id keep throwing each other out. Brokers need not say so (Mosquitto 2.0 does not); what shows is
   * that connection after connection ends as soon as it is made.
   */
  private watchForRival(): void {
    const wasShort = performance.now() - this.connectedAt < SHORT_LIVED_MS;
    this.shortLived = wasShort && this.isTaking ? this.shortLived + 1 : 0;
    this.connectedAt = Number.NEGATIVE_INFINITY;
    if (this.shortLived < SUSPICIOUS_CONNECTIONS) return;
    this.rivalWarning.warn(
      `The broker ended ${this.shortLived} connections in a row right after they were made. If another process uses the client id '${this.options.clientId}', give each its own MQTT_CLIENT_ID.`,
    );
  }

  private take(packet: MqttPublishPacket, receive: Receiver): void {
    if (!this.isTaking) return;
    if (performance.now() - this.keptAliveAt > this.keepAliveMs) this.keepAlive();
    const packetId = packet.qos === 0 ? undefined : packet.messageId;
    receive(packet, this.currentLedger().hold(packetId, packet.payload.length));
  }

  private currentLedger(): AckLedger {
    const latest = this.ledgers.at(-1);
    if (latest?.belongsTo(this.client.stream)) return latest;
    const ledger = new AckLedger(this.client.stream, () => this.intake.update());
    this.ledgers.push(ledger);
    return ledger;
  }

  /**
   * A resumed session delivers everything unacknowledged again, so older copies are let go. When the broker lost
   * the session it will not; then those copies are the only ones, and their holders keep trying.
   */
  private forgetOldLedgers(sessionPresent: boolean): void {
    const old = this.ledgers.filter((ledger) => !ledger.belongsTo(this.client.stream));
    if (sessionPresent) for (const ledger of old) ledger.supersede();
    this.ledgers = this.ledgers.filter((ledger) => !old.includes(ledger) || ledger.held > 0);
  }

  private async subscribe(): Promise<void> {
    const { filters } = this.options;
    try {
      await this.client.subscribeAsync(Object.fromEntries(filters.map((filter) => [filter, SUBSCRIPTION])));
      this.isSubscribed = true;
      this.onFirstSubscription();
    } catch (error) {
      // When the connection has ended, the next one subscribes.
      if (!this.client.connected || !this.isTaking) return;
      this.warning.warn(
        `The broker did not grant the subscription to ${filters.join(', ')}; allow the user to read them.`,
        error instanceof Error ? error : new Error(String(error)),
      );
      this.subscribeTimer = setTimeout(() => void this.subscribe(), SUBSCRIBE_RETRY_MS);
    }
  }

  /**
   * Messages coming in show that the broker lives, but the client counts only its answers to pings, and under load those wait
   * behind seconds of messages. So this process pings by itself, and does not wait for the answer.
   */
  private keepAlive(): void {
    this.keptAliveAt = performance.now();
    if (!this.client.connected) return;
    this.client.sendPing();
    this.client.reschedulePing(true);
  }
}
