import { Injectable } from '@nestjs/common';
import { RedisConnections, type RedisConnection } from '@bus/platform';

/**
 * The connection for what a waiting browser depends on: sessions, limits, revocations. It fails at once while Redis is
 * away and after 2 s when it hangs, so that a handshake gets an answer.
 */
@Injectable()
export class GatewayRedis {
  readonly connection: RedisConnection;

  constructor(connections: RedisConnections) {
    this.connection = connections.create('producer', 'gateway');
  }

  /** Whether Redis is there to be asked. */
  get isReady(): boolean {
    return this.connection.status === 'ready';
  }

  /** Resolves when commands can be sent for the first time. */
  async whenReady(): Promise<void> {
    if (this.isReady) return;
    await new Promise<void>((resolve) => this.connection.once('ready', () => resolve()));
  }
}
