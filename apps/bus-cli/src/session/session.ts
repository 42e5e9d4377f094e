import { hostname, userInfo } from 'node:os';
import type { AlertQueries, AuditEntry, AuditLog, DeadLetterQueries } from '@bus/database';
import type { RedisConnection, RedisConnections } from '@bus/platform';
import type { DeadLetterDesk, JobAdmin, QueueAdmin, TaskClient } from '@bus/task-base';
import type { Addresses } from './addresses.ts';
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

  constructor(addresses: () => Promise<Addresses>) {
    this.#addresses = addresses;
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
    const [{ JobAdmin }, redis] = await Promise.all([import('@bus/task-base'), this.redis()]);
    return new JobAdmin(redis);
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
    const [{ DeadLetterDesk, TASK_CATALOG }, archive, jobs, client] = await Promise.all([
      import('@bus/task-base'),
      this.letters(),
      this.jobs(),
      this.tasks(),
    ]);
    return new DeadLetterDesk({ archive, jobs, client, catalog: TASK_CATALOG });
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
    const log = await this.audit();
    const actor = `${userInfo().username}@${hostname()}`;
    await log.record({ ...entry, actorUserId: null, details: { ...entry.details, actor, via: 'bus' } });
  }

  /** Closes what was opened. Never rejects. */
  async close(): Promise<void> {
    const [connections, pool] = await Promise.all([opened(this.#redis), opened(this.#postgres)]);
    await Promise.allSettled([connections?.closeAll(), pool?.end()]);
  }

  #connections(): Promise<RedisConnections> {
    return (this.#redis ??= this.addresses().then(openRedis));
  }

  async #openClient(): Promise<TaskClient> {
    const [{ TaskClient }, { Metrics }, connections] = await Promise.all([
      import('@bus/task-base'),
      import('@bus/observability'),
      this.#connections(),
    ]);
    return new TaskClient(connections, new Metrics({ app: 'bus-cli', instance: String(process.pid) }));
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
