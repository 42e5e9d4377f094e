import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import type { RedisConnection } from '@bus/platform';
import type { Sealer } from '../seal/sealer.ts';
import { ThrottledLog } from '../throttled-log.ts';
import { mustWait, waitUntilReady } from '../wait-until-ready.ts';
import type { AdapterChannels } from './adapter-channels.ts';
import { encodeChannelMessage } from './channel-message.ts';

type CountCallback = (error: Error | null, reply?: unknown) => void;

/** A node of a cluster as the adapter sees it. */
interface CountingNode {
  send_command(command: string, args: [string, string]): Promise<unknown>;
}

/**
 * Stands in for the publishing Redis client of the Socket.IO adapter and emitter, and seals all they send.
 *
 * Publishing is at most once and never rejects: the adapter ignores the promise, so a failure is logged here.
 */
export class SealedPublisher extends EventEmitter {
  /** Read by the adapter to decide whom to ask for the number of listeners. */
  readonly isCluster: boolean;
  readonly #connection: RedisConnection;
  readonly #sealer: Sealer;
  readonly #channels: AdapterChannels;
  readonly #log = new ThrottledLog(new Logger(SealedPublisher.name));

  constructor(connection: RedisConnection, sealer: Sealer, channels: AdapterChannels) {
    super();
    this.#connection = connection;
    this.#sealer = sealer;
    this.#channels = channels;
    this.isCluster = connection.isCluster;
    // The adapter warns on the console about clients without an error handler; ours is on the real connection.
    this.on('error', () => undefined);
    this.setMaxListeners(0);
  }

  async publish(channel: string, payload: string | Uint8Array): Promise<number> {
    try {
      if (mustWait(this.#connection)) await waitUntilReady(this.#connection);
      const wire = this.#channels.wireOf(channel);
      return await this.#connection.publish(
        wire,
        this.#sealer.seal(wire, encodeChannelMessage(channel, payload)),
      );
    } catch (error) {
      this.#log.warn('publish', `A message between gateways was not sent: ${String(error)}`);
      return 0;
    }
  }

  /** `PUBSUB NUMSUB` of an adapter channel; the adapter calls it by this name. */
  async send_command(command: string, args: [string, string], callback: CountCallback): Promise<void> {
    try {
      if (mustWait(this.#connection)) await waitUntilReady(this.#connection);
      callback(null, await this.#count(this.#connection, command, args));
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The nodes of a cluster, each answering `send_command` with wire names. */
  nodes(): CountingNode[] {
    if (!('nodes' in this.#connection)) return [];
    return this.#connection
      .nodes()
      .map((node) => ({ send_command: (command, args) => this.#count(node, command, args) }));
  }

  #count(node: RedisConnection, command: string, [subcommand, channel]: [string, string]): Promise<unknown> {
    return node.call(command, subcommand, this.#channels.wireOf(channel));
  }
}
