import { redisKeys } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import type { QueueName } from '../queues/queue-catalog.ts';

/** While jobs are enqueued, how often the memory is asked for. */
const READ_EVERY_MS = 1_000;

/** Nobody enqueued for that long: the last answer says nothing about now. */
const OUTDATED_AFTER_MS = 5_000;

/** As a script, INFO goes to the server that holds the key: on a cluster each has a limit of its own. */
const MEMORY_OF_SERVER = `return redis.call('INFO', 'memory')`;

interface Reading {
  readonly ratio: number;
  readonly atMs: number;
}

/**
 * How full the Redis server of a queue is. Asked at most once a second, by whoever enqueues, and not waited for unless nothing
 * recent is known. When Redis does not answer, or may not be asked, it counts as empty: enqueueing itself tells the rest.
 */
export class RedisMemory {
  private readonly readings = new Map<string, Reading>();
  private readonly asking = new Map<string, Promise<Reading>>();
  private readonly connection: RedisConnection;
  private readonly onRefusal: (error: Error) => void;

  constructor(connection: RedisConnection, onRefusal: (error: Error) => void) {
    this.connection = connection;
    this.onRefusal = onRefusal;
  }

  /** Used part of the allowed memory, from 0 to a little above 1; 0 when there is no limit. Never rejects. */
  async usedRatio(queue: QueueName): Promise<number> {
    const server = this.serverOf(queue);
    const known = this.readings.get(server);
    const ageMs = known === undefined ? Infinity : performance.now() - known.atMs;
    if (known !== undefined && ageMs < READ_EVERY_MS) return known.ratio;
    const asked = this.ask(server, queue);
    return known === undefined || ageMs > OUTDATED_AFTER_MS ? (await asked).ratio : known.ratio;
  }

  /** The ratio when it was read a moment ago; undefined when it is time to ask. */
  freshRatio(queue: QueueName): number | undefined {
    const known = this.readings.get(this.serverOf(queue));
    return known !== undefined && performance.now() - known.atMs < READ_EVERY_MS ? known.ratio : undefined;
  }

  private serverOf(queue: QueueName): string {
    return 'nodes' in this.connection ? queue : 'the only one';
  }

  private ask(server: string, queue: QueueName): Promise<Reading> {
    let asked = this.asking.get(server);
    if (asked === undefined) {
      asked = this.read(queue).then((reading) => {
        this.readings.set(server, reading);
        this.asking.delete(server);
        return reading;
      });
      this.asking.set(server, asked);
    }
    return asked;
  }

  private async read(queue: QueueName): Promise<Reading> {
    let ratio = 0;
    try {
      ratio = ratioOf(String(await this.connection.eval(MEMORY_OF_SERVER, 1, redisKeys.queuePrefix(queue))));
    } catch (error) {
      // A lost connection has its own warning.
      if (error instanceof Error && error.name === 'ReplyError') this.onRefusal(error);
    }
    return { ratio, atMs: performance.now() };
  }
}

/** Redis does not count its buffers for replicas and the append-only file when it compares with its limit. */
function ratioOf(info: string): number {
  const number = (field: string) => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  const limit = number('maxmemory');
  return limit === 0 ? 0 : (number('used_memory') - number('mem_not_counted_for_evict')) / limit;
}
