import { CONFIG_DIRECTORY, SERVERS } from './containers.ts';

export interface BrokerPlaces {
  /** Holds `passwords` and `acl`. */
  readonly configDirectory: string;
  readonly dataDirectory: string;
  /** Port and, unless it is all of them, the address to listen on. */
  readonly listener: string;
}

const IN_CONTAINER: BrokerPlaces = {
  configDirectory: CONFIG_DIRECTORY,
  dataDirectory: SERVERS.mosquitto.dataDirectory,
  listener: String(SERVERS.mosquitto.port),
};

/** mosquitto.conf: nobody anonymous, everybody within the ACL, sessions kept over a restart. Without TLS. */
export function renderMosquittoConf(places: BrokerPlaces = IN_CONTAINER): string {
  const { configDirectory, dataDirectory, listener } = places;
  return lines([
    'per_listener_settings false',
    'allow_anonymous false',
    `password_file ${configDirectory}/passwords`,
    `acl_file ${configDirectory}/acl`,
    'persistence true',
    `persistence_location ${dataDirectory}/`,
    '# A killed broker loses what it took since its last save.',
    'autosave_on_changes false',
    'autosave_interval 1',
    '# Zero is no limit: the defaults silently drop what an absent mqtt-ingest has not taken yet.',
    'max_queued_messages 1000000',
    'max_inflight_messages 0',
    'max_packet_size 2097152',
    'set_tcp_nodelay true',
    'sys_interval 5',
    'log_dest stderr',
    ...['error', 'warning', 'notice', 'information'].map((type) => `log_type ${type}`),
    `listener ${listener}`,
  ]);
}

/** redis.conf: jobs survive a restart, and a full server refuses new ones rather than forget old ones. */
export function renderRedisConf(password: string): string {
  return lines([
    'bind * -::*',
    `port ${SERVERS.redis.port}`,
    `requirepass ${JSON.stringify(password)}`,
    'save ""',
    'appendonly yes',
    'appendfsync everysec',
    'maxmemory-policy noeviction',
  ]);
}

function lines(content: readonly string[]): string {
  return `${content.join('\n')}\n`;
}
