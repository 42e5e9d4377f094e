import { redisKeys } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { QUEUE_NAMES } from './queue-catalog.ts';
import type { QueueName } from './queue-catalog.ts';

/** One worker of one queue, as Redis sees its connection. */
export interface ConnectedWorker {
  readonly queue: QueueName;
  /** INSTANCE_ID of its process; empty for a worker without a name. */
  readonly instance: string;
  /** `host:port` of the connection. */
  readonly address: string;
  readonly connectedSeconds: number;
}

/** BullMQ names a worker's connection after its queue, and after the worker when that has a name. */
const WORKER_NAME_MARK = ':w:';

/**
 * All workers that are connected to this database, over all processes. Of a cluster a worker is connected to the server of its queue
 * and maybe to others, to each once; it is counted once.
 */
export async function connectedWorkers(connection: RedisConnection): Promise<ConnectedWorker[]> {
  const servers = await serversOf(connection);
  const lists = await Promise.all(
    servers.map(async (server) => {
      const ofThisDatabase = ` db=${server.options.db ?? 0} `;
      const list = String(await server.client('LIST'));
      return list
        .split('\n')
        .filter((line) => line.includes(ofThisDatabase))
        .flatMap(readWorker);
    }),
  );
  return QUEUE_NAMES.flatMap((queue) =>
    longest(lists.map((list) => list.filter((one) => one.queue === queue))),
  );
}

async function serversOf(connection: RedisConnection) {
  if (!('nodes' in connection)) return [connection];
  // Before its first answer a cluster does not know its nodes.
  await connection.ping();
  return connection.nodes('master');
}

function longest<T>(lists: readonly T[][]): T[] {
  return lists.reduce((longer, list) => (list.length > longer.length ? list : longer), []);
}

const queueOfClientName = new Map(
  QUEUE_NAMES.map((queue) => [
    `${redisKeys.queuePrefix(queue)}:${Buffer.from(queue).toString('base64')}`,
    queue,
  ]),
);

/** One line of CLIENT LIST; nothing when it is no worker. */
function readWorker(line: string): ConnectedWorker[] {
  const field = (name: string): string => new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1] ?? '';
  const [clientName = '', instance = ''] = field('name').split(WORKER_NAME_MARK);
  const queue = queueOfClientName.get(clientName);
  if (queue === undefined) return [];
  return [{ queue, instance, address: field('addr'), connectedSeconds: Number(field('age')) }];
}
