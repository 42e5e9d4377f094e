import { Global, Module, type DynamicModule, type InjectionToken, type Provider } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { RedisConnections } from '@bus/platform';
import { ChannelCore, type ChannelOptions } from './channel-core.ts';
import { ChannelLayer } from './channel-layer.ts';
import { useChannelLayer } from './default-channel-layer.ts';
import { GroupHistory } from './history/group-history.ts';
import { BROADCAST_OUTBOX, type BroadcastOutbox } from './outbox/broadcast-outbox.ts';
import { OutboxRelay } from './outbox/outbox-relay.ts';
import { ResumeCoordinator } from './socket/resume-coordinator.ts';
import { SealedSocketAdapter } from './socket/sealed-socket-adapter.ts';
import { ValueSealer } from './seal/value-sealer.ts';

export interface ChannelLayerModuleOptions extends ChannelOptions {
  /** Modules that export what `outbox` names. */
  readonly imports?: DynamicModule['imports'];
  /** Token of the `BroadcastOutbox` for critical broadcasts. Without one they are lost while Redis is away. */
  readonly outbox?: InjectionToken<BroadcastOutbox>;
}

/**
 * Provides `ChannelLayer`, `GroupHistory` and `ValueSealer` everywhere, and for gateways `SealedSocketAdapter` and
 * `ResumeCoordinator`. With an outbox also `OutboxRelay`, which the process that should relay starts and stops.
 * Needs `Metrics` and `RedisConnections` (PlatformModule).
 */
@Global()
@Module({})
export class ChannelLayerModule {
  static forRoot(options: ChannelLayerModuleOptions): DynamicModule {
    const providers: Provider[] = [
      { provide: ValueSealer, useFactory: () => new ValueSealer(options.encryption) },
      {
        provide: ChannelCore,
        inject: [RedisConnections, Metrics],
        useFactory: (connections: RedisConnections, metrics: Metrics) =>
          new ChannelCore(connections, metrics, options),
      },
      {
        provide: GroupHistory,
        inject: [ChannelCore],
        useFactory: (core: ChannelCore) => new GroupHistory(core.reader),
      },
      {
        provide: SealedSocketAdapter,
        inject: [ChannelCore],
        useFactory: (core: ChannelCore) => new SealedSocketAdapter(core),
      },
      {
        provide: ResumeCoordinator,
        inject: [ChannelCore, SealedSocketAdapter],
        useFactory: (core: ChannelCore, adapter: SealedSocketAdapter) => new ResumeCoordinator(core, adapter),
      },
      {
        provide: ChannelLayer,
        inject: [ChannelCore, { token: BROADCAST_OUTBOX, optional: true }],
        useFactory: (core: ChannelCore, outbox?: BroadcastOutbox) => {
          const layer = new ChannelLayer(core, outbox);
          useChannelLayer(layer);
          return layer;
        },
      },
    ];
    if (options.outbox !== undefined) {
      providers.push(
        { provide: BROADCAST_OUTBOX, useExisting: options.outbox },
        {
          provide: OutboxRelay,
          inject: [ChannelCore, BROADCAST_OUTBOX],
          useFactory: (core: ChannelCore, outbox: BroadcastOutbox) => new OutboxRelay(core, outbox),
        },
      );
    }
    return {
      module: ChannelLayerModule,
      imports: options.imports ?? [],
      providers,
      exports: providers.map(tokenOf),
    };
  }
}

function tokenOf(provider: Provider): InjectionToken {
  return typeof provider === 'function' ? provider : provider.provide;
}
