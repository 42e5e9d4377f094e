import type { RedisConnection } from '@bus/platform';
import { duration } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import { failed, ok, warning, type Finding } from './finding.ts';

/** Producers give way from here on; beyond the second mark workers can no longer write what they have done. */
const MEMORY_TIGHT = 0.75;
const MEMORY_FULL = 0.9;

/** The states of a persistence that works. */
const WRITES = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status'];

/** Whether Redis keeps what it is given, has room, and lets this user do no more than it needs to. */
export async function checkRedis(session: Session): Promise<Finding[]> {
  const connection = await session.redis();
  const nodes = 'nodes' in connection ? connection.nodes('master') : [connection];
  const findings = await Promise.all(
    nodes.map(async (node) => {
      const startedAt = performance.now();
      await node.ping();
      const answeredIn = (performance.now() - startedAt) / 1_000;
      const info = infoFields(await node.info());
      const where = nodes.length === 1 ? '' : ` (${node.options.host}:${node.options.port})`;
      return [
        ok(`answers${where}`, `Redis ${info.get('redis_version') ?? '?'}, in ${duration(answeredIn)}`),
        persistence(info, where),
        eviction(info, where),
        memory(info, where),
      ];
    }),
  );
  return [...findings.flat(), await permissions(connection)];
}

export function infoFields(info: string): Map<string, string> {
  return new Map(
    info.split(/\r?\n/).flatMap((line) => {
      const separator = line.indexOf(':');
      return separator > 0 ? [[line.slice(0, separator), line.slice(separator + 1)] as const] : [];
    }),
  );
}

function persistence(info: ReadonlyMap<string, string>, where: string): Finding {
  const check = `persistence${where}`;
  if (info.get('aof_enabled') !== '1') {
    return failed(
      check,
      'the append-only file is off: what was confirmed is gone with the process',
      'set appendonly yes and appendfsync everysec in redis.conf',
    );
  }
  const broken = WRITES.filter((write) => (info.get(write) ?? 'ok') !== 'ok');
  if (broken.length > 0) {
    return failed(
      check,
      `Redis cannot write to its disk (${broken.join(', ')})`,
      'free space on the disk of Redis',
    );
  }
  return ok(check, 'append-only file on and written');
}

function eviction(info: ReadonlyMap<string, string>, where: string): Finding {
  const check = `eviction${where}`;
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  const evicted = Number(info.get('evicted_keys') ?? 0);
  const hint = 'set maxmemory-policy noeviction: a Redis that throws keys away loses jobs';
  if (policy !== 'noeviction') return failed(check, `the policy is ${policy}`, hint);
  if (evicted > 0) return failed(check, `${evicted} keys were thrown away since Redis started`, hint);
  return ok(check, 'noeviction, nothing was thrown away');
}

function memory(info: ReadonlyMap<string, string>, where: string): Finding {
  const check = `memory${where}`;
  const used = Number(info.get('used_memory') ?? 0);
  const limit = Number(info.get('maxmemory') ?? 0) || Number(info.get('total_system_memory') ?? 0);
  if (limit === 0) return ok(check, `${mebibytes(used)} used, without a limit`);
  const share = used / limit;
  const detail = `${mebibytes(used)} of ${mebibytes(limit)} used (${Math.round(share * 100)} %)`;
  const hint = 'give Redis more memory, or find what piles up: bus queue list';
  if (share >= MEMORY_FULL) return failed(check, detail, hint);
  return share >= MEMORY_TIGHT ? warning(check, detail, hint) : ok(check, detail);
}

async function permissions(connection: RedisConnection): Promise<Finding> {
  const check = 'permissions';
  const user = await connection.acl('WHOAMI').then(String, () => 'a user that may not ask its name');
  const mayAdminister = await connection.config('GET', 'maxmemory').then(
    () => true,
    () => false,
  );
  if (!mayAdminister) return ok(check, `${user}, without dangerous commands`);
  return warning(
    check,
    `${user} may do anything, also FLUSHALL`,
    'give the bus a user of its own: ~bus:* ~circuit_breaker:* &bus:* -@dangerous +info +client|list',
  );
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(bytes < 10_485_760 ? 1 : 0)} MiB`;
}
