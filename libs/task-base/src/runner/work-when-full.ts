import type { RedisQueueBackend } from 'bullmq';

/**
 * The steps of a worker with a job it has or is given. Redis refuses them when its memory is used up, as it refuses any write, and
 * then nothing that waits would ever leave it.
 */
const STEPS_OF_A_WORKER = new Set([
  'moveToActive',
  'moveToFinished',
  'moveToDelayed',
  'moveJobFromActiveToWait',
  'moveStalledJobsToWait',
  'retryJob',
  'extendLock',
  'extendLocks',
]);

/** Scripts can ask for this since Redis 7. Older servers and look-alikes would not understand the line. */
const ALLOWED_WHEN_FULL = '#!lua flags=allow-oom\n';
const LEAST_MAJOR_VERSION = 7;

/** What ioredis keeps of a command made from a script. */
interface Script {
  readonly lua: string;
  readonly numberOfKeys: number;
}

interface ScriptedClient {
  readonly scriptsSet?: Readonly<Record<string, Script>>;
  defineCommand(name: string, script: Script): void;
}

const prepared = new WeakSet<object>();

/**
 * Lets the workers over this client go on when the memory of Redis is used up. A step needs a few hundred bytes, and a finished
 * job gives its own back once its queue keeps enough of them; `maxmemory` is passed by that little.
 */
export function workWhenFull(backend: RedisQueueBackend, client: object): void {
  const { scriptsSet } = client as ScriptedClient;
  if (scriptsSet === undefined || prepared.has(scriptsSet)) return;
  prepared.add(scriptsSet);
  if (backend.databaseType === 'dragonfly' || Number.parseInt(backend.redisVersion) < LEAST_MAJOR_VERSION)
    return;
  for (const [command, { lua, numberOfKeys }] of Object.entries(scriptsSet)) {
    const [name = ''] = command.split(':');
    if (STEPS_OF_A_WORKER.has(name)) {
      (client as ScriptedClient).defineCommand(command, { lua: ALLOWED_WHEN_FULL + lua, numberOfKeys });
    }
  }
}
