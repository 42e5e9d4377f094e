import type { IClientPublishOptions, MqttClient } from 'mqtt';
import {
  InvalidTopicError,
  MqttPublishError,
  MqttPublishTimeoutError,
  MqttUnavailableError,
} from './mqtt.errors.ts';

export interface PublishOptions {
  readonly qos: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly properties?: IClientPublishOptions['properties'];
  /** How long to wait for the broker's confirmation. Default 10 000. */
  readonly timeoutMs?: number;
  /** Gives up waiting: the message is not sent again after a reconnect, but may have arrived. */
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TOPIC_BYTES = 65_535;

/** Publishes messages and tells the truth about each: confirmed, refused, not sent, or unknown. Never spools. */
export class MqttPublisher {
  readonly #client: MqttClient;

  constructor(client: MqttClient) {
    this.#client = client;
  }

  /**
   * Resolves when the broker confirmed (QoS 1 and 2) or the bytes were written (QoS 0). Objects are sent as JSON.
   * Rejects with InvalidTopicError, MqttUnavailableError (not connected: nothing was sent), MqttPublishTimeoutError
   * (given up; it is not sent again after a reconnect), the reason of the signal, or MqttPublishError (refused by the broker).
   */
  async publish(topic: string, payload: object | Buffer | string, options: PublishOptions): Promise<void> {
    const problem = topicProblem(topic);
    if (problem !== undefined) throw new InvalidTopicError(problem);
    options.signal?.throwIfAborted();
    if (!this.#client.connected) throw new MqttUnavailableError();
    const bytes = Buffer.isBuffer(payload) || typeof payload === 'string' ? payload : JSON.stringify(payload);
    await this.#send(topic, bytes, options);
  }

  #send(topic: string, payload: Buffer | string, options: PublishOptions): Promise<void> {
    const { qos, retain = false, properties, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
    return new Promise((resolve, reject) => {
      const idBefore = this.#client.getLastMessageId();
      const giveUp = (reason: Error) => {
        settle();
        reject(reason);
        forget();
      };
      const timer = setTimeout(() => giveUp(new MqttPublishTimeoutError(timeoutMs)), timeoutMs);
      const onAbort = () => giveUp(signal?.reason as Error);
      signal?.addEventListener('abort', onAbort);
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      this.#client.publish(
        topic,
        payload,
        { qos, retain, ...(properties ? { properties } : {}) },
        (error) => {
          settle();
          if (error) reject(new MqttPublishError(error));
          else resolve();
        },
      );
      const messageId = this.#client.getLastMessageId();
      // Otherwise the client would send it again after a reconnect, when its caller has long done something else.
      const forget = () => {
        if (qos > 0 && messageId !== idBefore) this.#client.removeOutgoingMessage(messageId);
      };
    });
  }
}

/** Why a topic cannot be published to, or undefined. */
export function topicProblem(topic: string): string | undefined {
  if (topic === '') return 'the topic is empty';
  if (Buffer.byteLength(topic) > MAX_TOPIC_BYTES) return 'the topic is longer than 65535 bytes';
  if (/[+#]/.test(topic)) return 'the topic holds a wildcard (+ or #)';
  if (topic.includes('\0')) return 'the topic holds a NUL character';
  if (Buffer.from(topic).toString() !== topic) return 'the topic is not valid Unicode';
  if (topic.startsWith('$')) return 'topics that begin with $ belong to the broker';
  if (topic.split('/').includes('')) return 'the topic has an empty segment';
  return undefined;
}
