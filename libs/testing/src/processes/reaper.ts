import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { processStartTicks } from './process-identity.ts';

/** Apps are ended before the backends they talk to. */
export type ProcessStage = 'app' | 'backend';

export interface WatchedProcess {
  pid: number;
  startTicks?: string;
  stopSignal: NodeJS.Signals;
  stage: ProcessStage;
}

export type ReaperCommand =
  | { verb: 'watch'; process: WatchedProcess }
  | { verb: 'forget'; pid: number }
  | { verb: 'own-directory'; path: string }
  | { verb: 'disown-directory'; path: string };

/**
 * Makes sure that no child outlives this process, even when it is killed with SIGKILL: a small helper process holds
 * the other end of a pipe and ends whatever is on its list once the pipe closes. There is one per process, started
 * with the first child; it never keeps this process alive.
 */
class Reaper {
  private helper: ChildProcess | undefined;
  private readonly watched = new Map<number, WatchedProcess>();
  private readonly directories = new Set<string>();

  /** Call right after spawning; the process must still be running. */
  watch(pid: number, stopSignal: NodeJS.Signals, stage: ProcessStage): void {
    const startTicks = processStartTicks(pid);
    const entry = { pid, stopSignal, stage, ...(startTicks === undefined ? {} : { startTicks }) };
    this.watched.set(pid, entry);
    this.tell({ verb: 'watch', process: entry });
  }

  /** Call when the process has ended, so that its pid is never signalled again. */
  forget(pid: number): void {
    if (this.watched.delete(pid)) this.tell({ verb: 'forget', pid });
  }

  /** Has a temporary folder removed should this process die before it does so itself. */
  ownDirectory(path: string): void {
    this.directories.add(path);
    this.tell({ verb: 'own-directory', path });
  }

  disownDirectory(path: string): void {
    if (this.directories.delete(path)) this.tell({ verb: 'disown-directory', path });
  }

  private tell(command: ReaperCommand): void {
    if (this.helper === undefined) {
      this.startHelper(); // A new helper is told everything, this command included.
      return;
    }
    this.write(this.helper, command);
  }

  private startHelper(): void {
    // This file is run from source by the tests and from its compiled form by the tools.
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    const script = fileURLToPath(new URL(`./reaper-main${extension}`, import.meta.url));
    const helper = spawn(process.execPath, ['--no-warnings', script], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true, // A session of its own: Ctrl-C and "kill the group" reach the owner only.
      env: { PATH: process.env['PATH'] },
      cwd: '/',
    });
    helper.unref();
    (helper.stdin as Socket | null)?.unref();
    // A broken pipe shows as 'exit' too, which is where it is dealt with.
    helper.stdin?.on('error', () => {});
    helper.once('error', (error) => {
      throw new Error(`Cannot start the helper that ends child processes: ${error.message}`, {
        cause: error,
      });
    });
    helper.once('exit', () => {
      if (this.helper === helper) this.helper = undefined;
      if (this.watched.size > 0 || this.directories.size > 0) this.startHelper();
    });
    this.helper = helper;
    for (const entry of this.watched.values()) this.write(helper, { verb: 'watch', process: entry });
    for (const path of this.directories) this.write(helper, { verb: 'own-directory', path });
  }

  private write(helper: ChildProcess, command: ReaperCommand): void {
    helper.stdin?.write(`${JSON.stringify(command)}\n`);
  }
}

const KEY = Symbol.for('@bus/testing reaper');
const shared = globalThis as { [KEY]?: Reaper };

/** The reaper of this process, shared even when a test runner loads this module more than once. */
export const reaper: Reaper = (shared[KEY] ??= new Reaper());
