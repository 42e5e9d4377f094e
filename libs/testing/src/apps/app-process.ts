import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../processes/free-port.ts';
import { ManagedProcess, ProcessStartError } from '../processes/managed-process.ts';

/** One line of an app's log; lines that are not JSON have only `msg`. */
export interface AppLogLine {
  msg: string;
  level?: number | string;
  [field: string]: unknown;
}

export interface StartAppOptions {
  /** How long `ready()` waits. @default 30 s */
  readyTimeoutMs?: number;
  /** How long `stop()` waits before SIGKILL. @default 20 s */
  stopTimeoutMs?: number;
  onLog?: (line: AppLogLine, raw: string) => void;
  /** Node to run the app with. @default the one that runs this */
  node?: string;
  /** @default NODE_ENV=development, LOG_LEVEL=info, LOG_FORMAT=json and a free OPS_PORT on loopback */
  defaults?: Record<string, string>;
}

/** A running app of this repository, in a process of its own. */
export interface AppProcess {
  readonly name: string;
  readonly pid: number;
  /** Where the app serves `/healthz/live`, `/healthz/ready` and `/metrics`. */
  readonly opsUrl: string;
  readonly logs: readonly AppLogLine[];
  readonly isRunning: boolean;
  readonly exited: ManagedProcess['exited'];
  /** Resolves with the `ready` log line; rejects with the app's output when it ends or takes too long. */
  ready(): Promise<AppLogLine>;
  /** Resolves with the first log line, past or future, that satisfies `matches`. */
  waitForLog(matches: (line: AppLogLine) => boolean, options?: { timeoutMs?: number }): Promise<AppLogLine>;
  /** Sends a signal, SIGKILL unless told otherwise; after SIGKILL the process is gone when this resolves. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Asks the app to end (SIGTERM) and resolves with its exit code; null when it had to be killed. */
  stop(): Promise<number | null>;
}

/** The folder that holds `apps/`, found from this file, from source and from the build alike. */
export const REPOSITORY_ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../../..');

/**
 * Starts `apps/<name>/dist/main.js` with exactly this environment (nothing is inherited but PATH, HOME and TZ).
 * Resolves as soon as the process exists; await `ready()` before using it. Build the app first.
 */
export async function startApp(
  name: string,
  env: Record<string, string | undefined>,
  options: StartAppOptions = {},
): Promise<AppProcess> {
  const main = join(REPOSITORY_ROOT, 'apps', name, 'dist/main.js');
  if (!existsSync(main)) throw new Error(`${main} does not exist. Build it first: npx tsc -b apps/${name}`);

  const opsHost = env['OPS_HOST'] ?? '127.0.0.1';
  const opsPort = env['OPS_PORT'] ?? String(await freePort());
  const logs: AppLogLine[] = [];
  const waiting = new Set<(line: AppLogLine) => void>();
  const startedAt = Date.now();

  const child = await ManagedProcess.start({
    name,
    command: options.node ?? process.execPath,
    args: ['--enable-source-maps', main],
    cwd: REPOSITORY_ROOT,
    env: {
      ...inherited('PATH', 'HOME', 'TZ'),
      ...(options.defaults ?? { NODE_ENV: 'development', LOG_LEVEL: 'info', LOG_FORMAT: 'json' }),
      OPS_HOST: opsHost,
      OPS_PORT: opsPort,
      ...defined(env),
    },
    stage: 'app',
    stopTimeoutMs: options.stopTimeoutMs ?? 20_000,
    onLine: (raw) => {
      const line = parseLogLine(raw);
      logs.push(line);
      options.onLog?.(line, raw);
      for (const listener of waiting) listener(line);
    },
  });

  const waitForLog: AppProcess['waitForLog'] = (matches, { timeoutMs = 10_000 } = {}) => {
    const past = logs.find(matches);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const finish = (outcome: () => void): void => {
        waiting.delete(listener);
        clearTimeout(timer);
        outcome();
      };
      const listener = (line: AppLogLine): void => {
        if (matches(line)) finish(() => resolve(line));
      };
      const fail = (why: string): void =>
        finish(() => reject(new ProcessStartError(`${name} ${why}`, child.output)));
      const timer = setTimeout(
        () => fail(`did not log what was waited for within ${timeoutMs} ms.`),
        timeoutMs,
      );
      waiting.add(listener);
      void child.outputEnded().then((exit) => fail(`ended (${exit}) before it logged what was waited for.`));
    });
  };

  return {
    name,
    pid: child.pid,
    opsUrl: `http://${opsHost}:${opsPort}`,
    logs,
    get isRunning() {
      return child.isRunning;
    },
    exited: child.exited,
    ready: () => {
      const left = Math.max(1, startedAt + (options.readyTimeoutMs ?? 30_000) - Date.now());
      return waitForLog((line) => line.msg === 'ready', { timeoutMs: left });
    },
    waitForLog,
    kill: (signal) => child.kill(signal),
    stop: async () => {
      await child.kill('SIGCONT'); // A frozen app would never see the request to end.
      return (await child.stop()).code;
    },
  };
}

function parseLogLine(raw: string): AppLogLine {
  try {
    const parsed: unknown = JSON.parse(raw);
    if (typeof parsed === 'object' && parsed !== null && 'msg' in parsed) return parsed as AppLogLine;
  } catch {
    // Not JSON: a crash report of Node itself, or a stray print. Kept as it is.
  }
  return { msg: raw };
}

function defined(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function inherited(...names: string[]): Record<string, string> {
  return defined(Object.fromEntries(names.map((name) => [name, process.env[name]])));
}
