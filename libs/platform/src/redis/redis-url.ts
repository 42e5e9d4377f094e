/** What a REDIS_URL says. */
export interface RedisTarget {
  readonly kind: 'standalone' | 'sentinel' | 'cluster';
  /** The server, the sentinels or the cluster nodes to ask first. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  /** The name the sentinels know the master by. Sentinel only. */
  readonly masterName?: string;
  /** From `?sentinelPassword=`, when the sentinels have a password of their own. */
  readonly sentinelPassword?: string;
}

const DEFAULT_PORT = { standalone: 6379, sentinel: 26_379, cluster: 6379 } as const;

const SCHEMES: Readonly<Record<string, Pick<RedisTarget, 'kind' | 'tls'>>> = {
  redis: { kind: 'standalone', tls: false },
  rediss: { kind: 'standalone', tls: true },
  'redis-sentinel': { kind: 'sentinel', tls: false },
  'rediss-sentinel': { kind: 'sentinel', tls: true },
  'redis-cluster': { kind: 'cluster', tls: false },
  'rediss-cluster': { kind: 'cluster', tls: true },
};

const FORM = /^([a-z-]+):\/\/(?:(.*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const HOST = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/;

/** Reads a Redis URL. Throws a message that names the fault and never repeats the URL. */
export function parseRedisUrl(url: string): RedisTarget {
  const [, scheme = '', credentials, hostList = '', path = '', query = ''] = FORM.exec(url) ?? [];
  const form = SCHEMES[scheme];
  if (!form) throw new Error(`must begin with one of ${Object.keys(SCHEMES).join('://, ')}://`);
  const hosts = hostList.split(',').map((host) => parseHost(host, DEFAULT_PORT[form.kind]));
  if (form.kind === 'standalone' && hosts.length > 1) {
    throw new Error('may name one host only; several need redis-sentinel:// or redis-cluster://');
  }
  const sentinelPassword = new URLSearchParams(query).get('sentinelPassword');
  return {
    ...form,
    hosts,
    ...parseCredentials(credentials),
    ...parsePath(form.kind, path),
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
  };
}

/** What is wrong with a Redis URL, or undefined. */
export function redisUrlProblem(url: string): string | undefined {
  try {
    parseRedisUrl(url);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'cannot be read';
  }
}

function parseHost(text: string, defaultPort: number): { host: string; port: number } {
  const [, host, port] = HOST.exec(text) ?? [];
  if (!host) throw new Error('must name every host as host or host:port');
  const number = port === undefined ? defaultPort : Number(port);
  if (number < 1 || number > 65_535) throw new Error('has a port outside 1 to 65535');
  return { host: host.replace(/^\[|\]$/g, ''), port: number };
}

function parseCredentials(text: string | undefined): { username?: string; password?: string } {
  if (text === undefined) return {};
  const separator = text.indexOf(':');
  const username = decode(separator < 0 ? text : text.slice(0, separator));
  const password = separator < 0 ? '' : decode(text.slice(separator + 1));
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('has a user name or password with a stray %; write it as %25');
  }
}

function parsePath(kind: RedisTarget['kind'], path: string): { db: number; masterName?: string } {
  const [first = '', second = ''] = path.split('/');
  if (kind === 'sentinel') {
    if (first === '') throw new Error('must end with the name of the master, such as /mymaster');
    return { db: parseDatabase(second), masterName: first };
  }
  const db = parseDatabase(first);
  if (kind === 'cluster' && db !== 0) throw new Error('may not choose a database: a cluster has only 0');
  return { db };
}

function parseDatabase(text: string): number {
  if (!/^\d{0,4}$/.test(text)) throw new Error('must choose its database by number, such as /0');
  return Number(text);
}
