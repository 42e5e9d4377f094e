import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from '../processes/find-binary.ts';
import { giveTo, serviceUser } from '../processes/system-user.ts';
import { createTemporaryDirectory, removeTemporaryDirectory } from '../processes/temporary-directory.ts';
import { Server, SERVER_ENVIRONMENT } from './server.ts';

export interface RedisServerOptions {
  /** Where data lives. Without it: a temporary folder, removed by `stop()`. */
  dir?: string;
  port?: number;
  /** Append-only file, synced every second as in production: survives `kill()` + `restart()`. @default true */
  appendOnly?: boolean;
  password?: string;
  /** An ACL file in Redis's own format, copied when the server starts; it replaces `password`. */
  aclFile?: string;
  /** For instance '8mb', always with the `noeviction` policy: a full server refuses writes. */
  maxMemory?: string;
  /** Numbered databases; specs that share a server take one each (`createRedisDatabase`). @default 16 */
  databases?: number;
  /** Further settings, for instance `{ 'min-replicas-to-write': '1' }`. */
  settings?: Record<string, string>;
  onOutput?: (line: string) => void;
}

export interface RedisServer extends Pick<
  Server,
  'port' | 'pid' | 'isRunning' | 'exited' | 'output' | 'kill' | 'restart' | 'stop'
> {
  readonly host: string;
  readonly dir: string;
  /** With the password, when one was set. */
  readonly url: string;
}

/** Starts a private Redis on loopback and resolves once it accepts connections. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const binary = findBinary('redis-server');
  const dir = options.dir ?? createTemporaryDirectory('redis');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const user = serviceUser('redis');
  giveTo(user, dir);

  const aclFile = join(dir, 'users.acl');
  if (options.aclFile !== undefined) {
    copyFileSync(options.aclFile, aclFile);
    giveTo(user, aclFile);
  }

  const settings: Record<string, string> = {
    bind: '127.0.0.1',
    'protected-mode': 'yes',
    dir,
    save: '',
    appendonly: (options.appendOnly ?? true) ? 'yes' : 'no',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
    databases: String(options.databases ?? 16),
    ...(options.maxMemory === undefined ? {} : { maxmemory: options.maxMemory }),
    ...(options.password === undefined || options.aclFile !== undefined
      ? {}
      : { requirepass: options.password }),
    ...(options.aclFile === undefined ? {} : { aclfile: aclFile }),
    ...options.settings,
  };
  // By standard input rather than by arguments: arguments, and with them the password, are readable by anyone.
  const config = Object.entries(settings).map(([name, value]) => `${name} ${JSON.stringify(value)}`);

  const server = await Server.start(
    (port) => ({
      name: 'redis',
      command: binary,
      args: ['-'],
      input: [...config, `port ${port}`].join('\n'),
      cwd: dir,
      env: SERVER_ENVIRONMENT,
      ...(user === undefined ? {} : { user }),
      ...(options.onOutput === undefined ? {} : { onLine: options.onOutput }),
      isReady: (line) => line.includes('Ready to accept connections'),
    }),
    { port: options.port, cleanUp: () => options.dir === undefined && removeTemporaryDirectory(dir) },
  );
  const credentials = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
  return Object.assign(server, {
    host: '127.0.0.1',
    dir,
    url: `redis://${credentials}127.0.0.1:${server.port}`,
  });
}
