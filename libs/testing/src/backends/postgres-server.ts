import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from '../processes/find-binary.ts';
import { ManagedProcess, ProcessStartError } from '../processes/managed-process.ts';
import { giveTo, serviceUser, type SystemUser } from '../processes/system-user.ts';
import { createTemporaryDirectory, removeTemporaryDirectory } from '../processes/temporary-directory.ts';
import { createDatabase, type PostgresDatabase } from './postgres-database.ts';
import { Server, SERVER_ENVIRONMENT } from './server.ts';

const HOST = '127.0.0.1';
const SUPERUSER = 'bus';

export interface PostgresServerOptions {
  /** Where the cluster lives; an existing one is reused. Without it: a temporary folder, removed by `stop()`. */
  dir?: string;
  port?: number;
  /** Password of the superuser `bus`; it is set when the cluster is created and must stay the same. @default random */
  password?: string;
  /** Further settings, for instance `{ max_connections: '20' }`. Syncing to disk always stays on. */
  settings?: Record<string, string>;
  onOutput?: (line: string) => void;
}

export interface PostgresServer extends Pick<
  Server,
  'port' | 'pid' | 'isRunning' | 'exited' | 'output' | 'kill' | 'restart' | 'stop'
> {
  readonly host: string;
  readonly dir: string;
  /** Superuser, database `postgres`: for creating databases. */
  readonly url: string;
  /** A fresh, empty database. Without a name it gets a random one. */
  createDatabase(name?: string): Promise<PostgresDatabase>;
}

/**
 * Starts a private PostgreSQL on loopback and resolves once it accepts connections. Root cannot run PostgreSQL, so
 * then it runs as the system user `postgres`, which must be able to reach `dir`.
 */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const binary = findBinary('postgres');
  const user = serviceUser('postgres');
  if (user === undefined && process.getuid?.() === 0) {
    throw new Error(
      'PostgreSQL refuses to run as root and the system user "postgres" does not exist. Create it, or run this as another user.',
    );
  }
  const dir = options.dir ?? createTemporaryDirectory('postgres');
  const password = options.password ?? randomBytes(18).toString('base64url');
  const cleanUp = (): void => {
    if (options.dir === undefined) removeTemporaryDirectory(dir);
  };
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  giveTo(user, dir);
  try {
    if (!existsSync(join(dir, 'PG_VERSION')))
      await createCluster(dir, password, user, options.dir === undefined);
  } catch (error) {
    cleanUp();
    throw error;
  }
  removeStaleLock(dir);

  const settings: Record<string, string> = {
    listen_addresses: HOST,
    unix_socket_directories: '',
    fsync: 'on',
    max_connections: '200',
    shared_buffers: '64MB',
    lc_messages: 'C.UTF-8',
    logging_collector: 'off',
    log_destination: 'stderr',
    ...options.settings,
  };
  const server = await Server.start(
    (port) => ({
      name: 'postgres',
      command: binary,
      args: [
        '-D',
        dir,
        '-p',
        String(port),
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      cwd: dir,
      env: SERVER_ENVIRONMENT,
      ...(user === undefined ? {} : { user }),
      stopSignal: 'SIGINT', // "Fast": ends open sessions instead of waiting for them.
      startTimeoutMs: 60_000, // Replaying the log after a crash takes its time.
      ...(options.onOutput === undefined ? {} : { onLine: options.onOutput }),
      isReady: (line) => line.includes('database system is ready to accept connections'),
    }),
    { port: options.port, cleanUp },
  );
  const url = `postgresql://${SUPERUSER}:${encodeURIComponent(password)}@${HOST}:${server.port}/postgres`;
  return Object.assign(server, {
    host: HOST,
    dir,
    url,
    createDatabase: (name?: string) => createDatabase(url, name),
  });
}

/** Makes the cluster beside its place and moves it there when it is whole: an interrupted one leaves no half behind. */
async function createCluster(
  dir: string,
  password: string,
  user: SystemUser | undefined,
  isTemporary: boolean,
): Promise<void> {
  const unfinished = `${dir}.unfinished`;
  const passwordFile = `${dir}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  giveTo(user, unfinished, passwordFile);
  try {
    const initdb = await ManagedProcess.start({
      name: 'initdb',
      command: findBinary('initdb'),
      args: [
        ...`-U ${SUPERUSER} --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-instructions`.split(
          ' ',
        ),
        ...(isTemporary ? ['--no-sync'] : []),
        `--pwfile=${passwordFile}`,
        `--pgdata=${unfinished}`,
      ],
      cwd: unfinished,
      env: SERVER_ENVIRONMENT,
      ...(user === undefined ? {} : { user }),
    });
    const { code } = await initdb.exited;
    if (code !== 0) {
      const how = await initdb.outputEnded();
      throw new ProcessStartError(
        `Creating the PostgreSQL cluster in ${dir} failed (${how}).`,
        initdb.output,
      );
    }
    renameSync(unfinished, dir);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/**
 * After a crash the lock file names a dead process. If another program has got that pid by now, PostgreSQL would
 * refuse to start for ever; so the file goes unless that process really is a server on this folder.
 */
function removeStaleLock(dir: string): void {
  const lock = join(dir, 'postmaster.pid');
  if (!existsSync(lock)) return;
  const pid = readFileSync(lock, 'utf8').split('\n')[0];
  let commandLine: string;
  try {
    commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return; // The process is gone: PostgreSQL clears the file itself.
  }
  if (!commandLine.split('\0').includes(dir)) rmSync(lock);
}
