import { Injectable } from '@nestjs/common';
import { ReadinessRegistry } from '@bus/observability';
import { RedisConnections, type RedisConnection } from '@bus/platform';

/**
 * The connection for what a waiting browser depends on: sessions, limits, revocations. It fails at once while Redis is
 * away and after 2 s when it hangs, so that a handshake gets an answer. Without it the gateway is not ready: it would refuse whoever
 * comes.
 */
@Injectable()
export class GatewayRedis {
  readonly connection: RedisConnection;

  constructor(connections: RedisConnections, readiness: ReadinessRegistry) {
    this.connection = connections.create('producer', 'gateway');
    readiness.register('handshakes', () =>
      this.isReady ? Promise.resolve() : Promise.reject(new Error('Redis is not there for handshakes')),
    );
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
