import type { RedisConnection, RedisConnections } from '@bus/platform';
import type { Metrics } from '@bus/observability';
import { ChannelMetrics } from './channel-metrics.ts';
import { GroupLog, type GroupLogOptions } from './history/group-log.ts';
import { HistoryReader } from './history/history-reader.ts';
import { KeyRing } from './seal/key-ring.ts';
import { Opener } from './seal/opener.ts';
import type { ReplayGuardOptions } from './seal/replay-guard.ts';
import { RoutingNames } from './seal/routing-names.ts';
import { Sealer } from './seal/sealer.ts';
import { AdapterChannels } from './sealed-redis/adapter-channels.ts';

/** The two kinds of keys, as `EncryptionSettings` gives them. */
export interface ChannelKeys {
  /** 32 bytes each; the first seals, all open. */
  encryptionKeys(): Uint8Array[];
  /** Hides group names. Must stay the same while encryption keys rotate. */
  routingKey(): Uint8Array;
}

export interface ChannelOptions {
  readonly encryption: ChannelKeys;
  readonly history?: GroupLogOptions;
  readonly replay?: ReplayGuardOptions;
}

/** What sending and receiving share in one process: keys, the sealer with its counter, connections, histories. */
export class ChannelCore {
  readonly metrics: ChannelMetrics;
  readonly names: RoutingNames;
  readonly sealer: Sealer;
  readonly opener: Opener;
  readonly channels: AdapterChannels;
  /** Fails fast when Redis is away. */
  readonly producer: RedisConnection;
  readonly log: GroupLog;
  readonly reader: HistoryReader;
  readonly #connections: RedisConnections;

  constructor(connections: RedisConnections, metrics: Metrics, options: ChannelOptions) {
    const keys = new KeyRing(options.encryption.encryptionKeys());
    this.#connections = connections;
    this.metrics = new ChannelMetrics(metrics);
    this.names = new RoutingNames(options.encryption.routingKey());
    this.sealer = new Sealer(keys);
    this.opener = new Opener(keys, options.replay);
    this.channels = new AdapterChannels(this.names);
    this.producer = connections.create('producer', 'channel-layer');
    this.log = new GroupLog(this.producer, this.names, options.history);
    this.reader = new HistoryReader(this.log, this.opener, this.metrics);
  }

  /** Opens a connection for subscriptions. */
  subscriber(): RedisConnection {
    return this.#connections.create('subscriber', 'channel-layer-subscriber');
  }
}
