import { randomBytes } from 'node:crypto';
import { migrate } from '@bus/database';
import { ChannelCore, GroupHistory } from '@bus/channel-layer';
import { Metrics } from '@bus/observability';
import type { EventEnvelope } from '@bus/payload-schemas';
import {
  EncryptionSettings,
  RedisConnections,
  RedisSettings,
  createPostgresPool,
  loadSettings,
} from '@bus/platform';
import { createDatabase, startApp, startMosquitto, waitFor } from '@bus/testing';
import type { AppProcess, MosquittoServer } from '@bus/testing';
import { renderMosquittoAcl } from '@bus/topic-whitelist';
import { Redis } from 'ioredis';
import { connectAsync } from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';

const PASSWORD = 'secret';
const FLEET = ['dev-1', 'dev-2', 'dev-3'];

/** A job as it lies in Redis. */
export interface StoredJob {
  readonly id: string;
  readonly params: Record<string, unknown>;
}

/** A broker of its own, a database of its own, and as many ingest processes as a spec starts. */
export class IngestFixture {
  readonly broker: MosquittoServer;
  readonly redis: Redis;
  readonly databaseUrl: string;
  readonly pool: ReturnType<typeof createPostgresPool>;
  readonly encryptionKey = randomBytes(32).toString('base64');
  private readonly redisUrl: string;
  private readonly apps: AppProcess[] = [];
  private readonly clients: MqttClient[] = [];
  private readonly dropDatabase: () => Promise<void>;

  private constructor(
    broker: MosquittoServer,
    redisUrl: string,
    database: { url: string; drop(): Promise<void> },
  ) {
    this.broker = broker;
    this.redisUrl = redisUrl;
    this.redis = new Redis(redisUrl);
    // A spec that stops Redis sees it in what it checks; the reconnecting itself is no news.
    this.redis.on('error', () => undefined);
    this.databaseUrl = database.url;
    this.pool = createPostgresPool({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 });
    this.dropDatabase = () => database.drop();
  }

  static async start(backends: { redisUrl: string; databaseUrl: string }): Promise<IngestFixture> {
    const broker = await startMosquitto({
      users: ['bus-ingest', 'bus-worker', ...FLEET].map((username) => ({ username, password: PASSWORD })),
      acl: `${renderMosquittoAcl()}\nuser dev-1\ntopic readwrite #\n`,
      settings: { max_queued_messages: '1000000' },
    });
    const database = await createDatabase(backends.databaseUrl);
    const fixture = new IngestFixture(broker, backends.redisUrl, database);
    await migrate(fixture.pool);
    return fixture;
  }

  /** Starts an ingest process and waits until it is subscribed. */
  async startIngest(env: Record<string, string> = {}): Promise<AppProcess> {
    const app = await startApp('mqtt-ingest', {
      REDIS_URL: this.redisUrl,
      DATABASE_URL: this.databaseUrl,
      CHANNELS_ENCRYPTION_KEYS: this.encryptionKey,
      MQTT_BROKER_ADDRESS: this.broker.host,
      MQTT_BROKER_PORT: String(this.broker.port),
      MQTT_USERNAME: 'bus-ingest',
      MQTT_PASSWORD: PASSWORD,
      ...env,
    });
    this.apps.push(app);
    await app.ready();
    return app;
  }

  /** Connects as a device. `dev-1` may write everything, to play devices that misbehave; the others only what is theirs. */
  async connect(username: string, options: IClientOptions = {}): Promise<MqttClient> {
    const client = await connectAsync(this.broker.url, {
      protocolVersion: 5,
      username,
      password: PASSWORD,
      ...options,
    });
    this.clients.push(client);
    return client;
  }

  /** Jobs waiting in a queue, in the order in which they will be worked off. */
  async jobs(queue: string): Promise<StoredJob[]> {
    const prefix = `bus:{${queue}}:${queue}`;
    const ids = await this.redis.zrange(`${prefix}:prioritized`, '0', '-1');
    const read = ids.map(async (id) => {
      const data = JSON.parse((await this.redis.hget(`${prefix}:${id}`, 'data')) ?? '{}') as StoredJob;
      return { id, params: data.params };
    });
    return Promise.all(read);
  }

  /** Messages of all batch jobs waiting in a queue. */
  async batchedMessages(queue: string): Promise<Record<string, unknown>[]> {
    const jobs = await this.jobs(queue);
    return jobs.flatMap(({ params }) => (params['messages'] ?? []) as Record<string, unknown>[]);
  }

  /** What the operations centre was shown so far. */
  async nocEvents(): Promise<EventEnvelope[]> {
    const { redis, encryption } = loadSettings(
      { redis: RedisSettings, encryption: EncryptionSettings },
      { REDIS_URL: this.redisUrl, CHANNELS_ENCRYPTION_KEYS: this.encryptionKey },
    );
    const connections = new RedisConnections(redis);
    try {
      const core = new ChannelCore(connections, new Metrics({ app: 'spec', instance: 'spec' }), {
        encryption,
      });
      const history = new GroupHistory(core.reader);
      const { epoch } = await waitFor(() => history.position('noc_dashboard'));
      const result = await history.since('noc_dashboard', { epoch, offset: '0' });
      return result.result === 'replayed' ? result.events : [];
    } finally {
      await connections.closeAll();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.endAsync(true)));
    await Promise.all(this.apps.filter((app) => app.isRunning).map((app) => app.stop()));
    await this.broker.stop();
    this.redis.disconnect();
    await this.pool.end();
    await this.dropDatabase();
  }
}

/** The value of one series of a process, labels in the order given; 0 when there is none. */
export async function metric(
  app: AppProcess,
  name: string,
  labels: Record<string, string> = {},
): Promise<number> {
  const body = await (await fetch(`${app.opsUrl}/metrics`)).text();
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = body
    .split('\n')
    .find(
      (candidate) =>
        new RegExp(`^${name}[{ ]`).test(candidate) && wanted.every((label) => candidate.includes(label)),
    );
  return Number(line?.split(' ').at(-1) ?? 0);
}

/** What the readiness probe says. */
export async function readiness(
  app: AppProcess,
): Promise<{ ready: boolean; checks: Record<string, { ok: boolean; error?: string }> }> {
  const response = await fetch(`${app.opsUrl}/healthz/ready`);
  return (await response.json()) as Awaited<ReturnType<typeof readiness>>;
}

export { waitFor };
