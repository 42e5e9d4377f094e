import { hostname, userInfo } from 'node:os';
import type { ValueSealer } from '@bus/channel-layer';
import type { CircuitBreakers } from '@bus/circuit-breaker';
import type {
  AlertQueries,
  AuditEntry,
  AuditLog,
  DeadLetterQueries,
  ScheduleQueries,
  ScheduleRunQueries,
} from '@bus/database';
import type { Metrics } from '@bus/observability';
import type { RedisConnection, RedisConnections } from '@bus/platform';
import type {
  DeadLetterDesk,
  JobAdmin,
  QueueAdmin,
  ScheduleAdmin,
  TaskClient,
  TaskDefinition,
} from '@bus/task-base';
import type { Addresses } from './addresses.ts';
import { readEncryption } from './encryption.ts';
import { openPostgres, type PostgresPool } from './open-postgres.ts';
import { openRedis } from './open-redis.ts';

/**
 * What one command works with. Everything is opened when it is first asked for, and code is loaded only then: a command that needs no
 * Postgres neither waits for it nor loads its driver.
 */
export class Session {
  readonly #addresses: () => Promise<Addresses>;
  #found: Promise<Addresses> | undefined;
  #redis: Promise<RedisConnections> | undefined;
  #postgres: Promise<PostgresPool> | undefined;
  #client: Promise<TaskClient> | undefined;
  #circuits: Promise<CircuitBreakers> | undefined;
  #metrics: Promise<Metrics> | undefined;
  readonly #catalog: readonly TaskDefinition[] | undefined;

  /** `catalog` takes the place of the catalog of the bus. */
  constructor(addresses: () => Promise<Addresses>, catalog?: readonly TaskDefinition[]) {
    this.#addresses = addresses;
    this.#catalog = catalog;
  }

  /** Who is at work here, for the people who find it later. */
  get actor(): string {
    return `${userName()}@${hostname()}`;
  }

  /** The tasks there are. */
  async catalog(): Promise<readonly TaskDefinition[]> {
    return this.#catalog ?? (await import('@bus/task-base')).TASK_CATALOG;
  }

  /** Seals sensitive parameters with the keys of the bus; undefined when they are not known here. */
  async sealer(): Promise<ValueSealer | undefined> {
    const encryption = await readEncryption(await this.addresses());
    if (encryption === undefined) return undefined;
    const { ValueSealer } = await import('@bus/channel-layer');
    return new ValueSealer(encryption);
  }

  /** @throws UnreachableError when nobody says where the bus is */
  addresses(): Promise<Addresses> {
    return (this.#found ??= this.#addresses());
  }

  /** @throws UnreachableError */
  async redis(): Promise<RedisConnection> {
    return (await this.#connections()).commands;
  }

  /** @throws UnreachableError */
  postgres(): Promise<PostgresPool> {
    return (this.#postgres ??= this.addresses().then(openPostgres));
  }

  /** @throws UnreachableError */
  async queues(): Promise<QueueAdmin> {
    const [{ QueueAdmin }, redis] = await Promise.all([import('@bus/task-base'), this.redis()]);
    return new QueueAdmin(redis);
  }

  /** @throws UnreachableError */
  async jobs(): Promise<JobAdmin> {
    const [{ JobAdmin }, redis, catalog] = await Promise.all([
      import('@bus/task-base'),
      this.redis(),
      this.catalog(),
    ]);
    return new JobAdmin(redis, catalog);
  }

  /** @throws UnreachableError */
  tasks(): Promise<TaskClient> {
    return (this.#client ??= this.#openClient());
  }

  /** @throws UnreachableError */
  async letters(): Promise<DeadLetterQueries> {
    const [{ DeadLetterQueries }, pool] = await Promise.all([import('@bus/database'), this.postgres()]);
    return new DeadLetterQueries(pool);
  }

  /** @throws UnreachableError */
  async letterDesk(): Promise<DeadLetterDesk> {
    const [{ DeadLetterDesk }, archive, jobs, client, catalog] = await Promise.all([
      import('@bus/task-base'),
      this.letters(),
      this.jobs(),
      this.tasks(),
      this.catalog(),
    ]);
    return new DeadLetterDesk({ archive, jobs, client, catalog });
  }

  /** The circuits of the fleet. @throws UnreachableError */
  circuits(): Promise<CircuitBreakers> {
    return (this.#circuits ??= this.#openCircuits());
  }

  /** @throws UnreachableError */
  async schedules(): Promise<ScheduleAdmin> {
    const [{ ScheduleAdmin }, store, runs, catalog] = await Promise.all([
      import('@bus/task-base'),
      this.scheduleTable(),
      this.scheduleRuns(),
      this.catalog(),
    ]);
    return new ScheduleAdmin(store, runs, catalog);
  }

  /** @throws UnreachableError */
  async scheduleTable(): Promise<ScheduleQueries> {
    const [{ ScheduleQueries }, pool] = await Promise.all([import('@bus/database'), this.postgres()]);
    return new ScheduleQueries(pool);
  }

  /** @throws UnreachableError */
  async scheduleRuns(): Promise<ScheduleRunQueries> {
    const [{ ScheduleRunQueries }, pool] = await Promise.all([import('@bus/database'), this.postgres()]);
    return new ScheduleRunQueries(pool);
  }

  /** @throws UnreachableError */
  async alerts(): Promise<AlertQueries> {
    const [{ AlertQueries }, pool] = await Promise.all([import('@bus/database'), this.postgres()]);
    return new AlertQueries(pool);
  }

  /** @throws UnreachableError */
  async audit(): Promise<AuditLog> {
    const [{ AuditLog }, pool] = await Promise.all([import('@bus/database'), this.postgres()]);
    return new AuditLog(pool);
  }

  /** Writes who did it, from where, into the audit trail. Rejects when Postgres does not take the line. */
  async record(entry: Omit<AuditEntry, 'actorUserId'>): Promise<void> {
    const [log, { redact }] = await Promise.all([this.audit(), import('@bus/observability')]);
    // What a person typed as a reason stays for ever.
    const details = { ...(redact(entry.details ?? {}) as object), actor: this.actor, via: 'bus' };
    await log.record({ ...entry, actorUserId: null, details });
  }

  /** Closes what was opened. Never rejects. */
  async close(): Promise<void> {
    const [connections, pool, circuits] = await Promise.all([
      opened(this.#redis),
      opened(this.#postgres),
      opened(this.#circuits),
    ]);
    circuits?.onApplicationShutdown();
    await Promise.allSettled([connections?.closeAll(), pool?.end()]);
  }

  #connections(): Promise<RedisConnections> {
    return (this.#redis ??= this.addresses().then(openRedis));
  }

  async #openClient(): Promise<TaskClient> {
    const [{ TaskClient }, metrics, sealer, connections] = await Promise.all([
      import('@bus/task-base'),
      this.#ownMetrics(),
      this.sealer(),
      this.#connections(),
    ]);
    return new TaskClient(connections, metrics, sealer);
  }

  async #openCircuits(): Promise<CircuitBreakers> {
    const [{ CircuitBreakers }, metrics, connections] = await Promise.all([
      import('@bus/circuit-breaker'),
      this.#ownMetrics(),
      this.#connections(),
    ]);
    return new CircuitBreakers(connections, metrics);
  }

  /** Counted like in any process, and read by nobody. */
  #ownMetrics(): Promise<Metrics> {
    return (this.#metrics ??= import('@bus/observability').then(
      ({ Metrics }) => new Metrics({ app: 'bus-cli', instance: String(process.pid) }),
    ));
  }
}

/** A container may run under a number that belongs to nobody. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

async function opened<T>(opening: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await opening;
  } catch {
    // What could not be opened needs no closing; the command has told about it.
    return undefined;
  }
}
