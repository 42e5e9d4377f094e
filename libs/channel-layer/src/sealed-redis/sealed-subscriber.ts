import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import type { RedisConnection } from '@bus/platform';
import type { ChannelMetrics } from '../channel-metrics.ts';
import type { Opener } from '../seal/opener.ts';
import { ThrottledLog } from '../throttled-log.ts';
import type { AdapterChannels } from './adapter-channels.ts';
import { decodeChannelMessage } from './channel-message.ts';

/**
 * Stands in for the subscribing Redis client of the Socket.IO adapter: opens what arrives and hands on the true
 * channel and bytes. Whatever does not open is counted and dropped; nothing that arrives can throw out of here.
 */
export class SealedSubscriber extends EventEmitter {
  readonly #connection: RedisConnection;
  readonly #opener: Opener;
  readonly #channels: AdapterChannels;
  readonly #metrics: ChannelMetrics;
  readonly #log = new ThrottledLog(new Logger(SealedSubscriber.name));
  /** Wire channel to the pattern the adapter asked for, or null where it asked for exactly that channel. */
  readonly #subscriptions = new Map<string, string | null>();
  readonly #onMessage = (wire: Buffer, frame: Buffer): void => this.#receive(wire.toString(), frame);
  #subscribing: Promise<unknown>[] = [];

  constructor(
    connection: RedisConnection,
    opener: Opener,
    channels: AdapterChannels,
    metrics: ChannelMetrics,
  ) {
    // An adapter listener is asynchronous; if it fails on a message, that must not become an unhandled rejection.
    super({ captureRejections: true });
    this.#connection = connection;
    this.#opener = opener;
    this.#channels = channels;
    this.#metrics = metrics;
    this.setMaxListeners(0);
    this.on('error', (error) => this.#refuse(error));
    connection.on('messageBuffer', this.#onMessage);
  }

  psubscribe(pattern: string): Promise<void> {
    return this.#subscribe([[this.#channels.wireOf(pattern), pattern]]);
  }

  subscribe(channels: string[]): Promise<void> {
    return this.#subscribe(channels.map((channel) => [this.#channels.wireOf(channel), null]));
  }

  punsubscribe(pattern: string): Promise<void> {
    return this.#unsubscribe([this.#channels.wireOf(pattern)]);
  }

  unsubscribe(channels: string[]): Promise<void> {
    return this.#unsubscribe(channels.map((channel) => this.#channels.wireOf(channel)));
  }

  /** Resolves when Redis confirmed every subscription so far; rejects when it did not. */
  async subscribed(): Promise<void> {
    const pending = this.#subscribing;
    this.#subscribing = [];
    await Promise.all(pending);
  }

  /** Stops listening to the connection; the connection itself belongs to the caller. */
  detach(): void {
    this.#connection.off('messageBuffer', this.#onMessage);
  }

  async #subscribe(subscriptions: [wire: string, pattern: string | null][]): Promise<void> {
    for (const [wire, pattern] of subscriptions) this.#subscriptions.set(wire, pattern);
    const confirmed = this.#connection.subscribe(...subscriptions.map(([wire]) => wire));
    this.#subscribing.push(confirmed);
    // The adapter does not look at this promise; whoever attaches it asks `subscribed()`.
    await confirmed.catch((error: unknown) =>
      this.#log.warn('subscribe', `Subscribing failed: ${String(error)}`),
    );
  }

  async #unsubscribe(wires: string[]): Promise<void> {
    for (const wire of wires) this.#subscriptions.delete(wire);
    if (this.#connection.status === 'end') return;
    await this.#connection.unsubscribe(...wires).catch((error: unknown) => {
      this.#log.warn('unsubscribe', `Unsubscribing failed: ${String(error)}`);
    });
  }

  #receive(wire: string, frame: Buffer): void {
    const pattern = this.#subscriptions.get(wire);
    if (pattern === undefined) return;
    const opened = this.#opener.openLive(wire, frame);
    if (!opened.ok) return this.#metrics.rejected(opened.reason);
    const message = decodeChannelMessage(opened.content);
    if (message === undefined) return this.#metrics.rejected('malformed');
    this.#metrics.received();
    try {
      if (pattern === null) this.emit('messageBuffer', message.channel, message.payload);
      else this.emit('pmessageBuffer', Buffer.from(pattern), message.channel, message.payload);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    this.#metrics.rejected('malformed');
    this.#log.warn('listener', `An authentic message could not be handled: ${String(error)}`);
  }
}
