import { Injectable, Module } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { OutboxRelay } from '@bus/channel-layer';

/** Sends critical broadcasts that had to be kept, for the whole fleet: every worker relays, and none shows one twice. */
@Injectable()
class KeptBroadcasts implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(private readonly relay: OutboxRelay) {}

  onApplicationBootstrap(): void {
    this.relay.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.relay.stop();
  }
}

@Module({ providers: [KeptBroadcasts] })
export class BroadcastsModule {}
