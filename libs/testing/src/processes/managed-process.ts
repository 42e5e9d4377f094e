import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { signalProcess } from './process-identity.ts';
import { reaper, type ProcessStage } from './reaper.ts';

/** Lines of output kept for error messages. */
const OUTPUT_TAIL_LINES = 200;

/** A grandchild can hold the pipe open for longer; nobody waits for it. */
const OUTPUT_DRAIN_MS = 500;

export interface ManagedProcessOptions {
  /** For messages: "redis", "task-worker". */
  name: string;
  command: string;
  args: string[];
  cwd?: string;
  /** Written to standard input, which is then closed. */
  input?: string;
  /** The whole environment of the child; nothing is inherited. */
  env: Record<string, string>;
  /** Run as this system user; only root may set it. */
  user?: { uid: number; gid: number };
  /** @default 'SIGTERM' */
  stopSignal?: NodeJS.Signals;
  /** How long `stop()` waits before it falls back to SIGKILL. @default 10 s */
  stopTimeoutMs?: number;
  /** How long `start()` waits for `isReady`. @default 20 s */
  startTimeoutMs?: number;
  /** @default 'backend' */
  stage?: ProcessStage;
  /** Tells from a line of output that the process is ready to serve. Without it, starting is enough. */
  isReady?: (line: string) => boolean;
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

export interface ProcessExit {
  /** Null when a signal ended the process. */
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Thrown when a process ends or stays silent before it is ready; carries what it printed. */
export class ProcessStartError extends Error {
  override readonly name = 'ProcessStartError';
  readonly output: string;

  constructor(message: string, output: string) {
    super(`${message}\n${output === '' ? '(it printed nothing)' : output}`);
    this.output = output;
  }
}

/**
 * A child process that never outlives this one. It runs in a session of its own, so Ctrl-C on the terminal reaches
 * only the parent, which can then stop its children in order.
 */
export class ManagedProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  private exit: ProcessExit | undefined;
  private stopping: Promise<ProcessExit> | undefined;
  private readonly closed: Promise<void>;
  private readonly tail: string[] = [];

  private readonly child: ChildProcess;
  private readonly options: ManagedProcessOptions;
  private readonly lineListeners = new Set<(line: string) => void>();

  private constructor(child: ChildProcess, pid: number, options: ManagedProcessOptions) {
    this.child = child;
    this.pid = pid;
    this.options = options;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.exit = { code, signal };
        reaper.forget(this.pid);
        resolve(this.exit);
      });
    });
    this.closed = new Promise((resolve) => {
      child.once('close', () => resolve());
    });
    this.listen('stdout');
    this.listen('stderr');
  }

  /** Resolves once the process is ready; rejects with its output when it ends or takes too long, leaving nothing behind. */
  static async start(options: ManagedProcessOptions): Promise<ManagedProcess> {
    const child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...options.user,
    });
    if (child.pid === undefined) {
      const reason = await new Promise<Error>((resolve) => child.once('error', resolve));
      throw new ProcessStartError(`${options.name} could not be started: ${reason.message}`, '');
    }
    reaper.watch(child.pid, options.stopSignal ?? 'SIGTERM', options.stage ?? 'backend');
    // Should the child end without reading it, its exit tells the story.
    child.stdin?.on('error', () => {}).end(options.input);
    const managed = new ManagedProcess(child, child.pid, options);
    await managed.becomeReady();
    return managed;
  }

  get isRunning(): boolean {
    return this.exit === undefined;
  }

  /** The last lines the process printed, both streams as they came. */
  get output(): string {
    return this.tail.join('\n');
  }

  /** Resolves with the first line from now on that satisfies `matches`; rejects when the process ends first. */
  nextLine(matches: (line: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const listener = (line: string): void => {
        if (!matches(line)) return;
        this.lineListeners.delete(listener);
        resolve(line);
      };
      this.lineListeners.add(listener);
      const giveUp = (exit: string): void => {
        this.lineListeners.delete(listener);
        reject(new ProcessStartError(`${this.options.name} ended (${exit}).`, this.output));
      };
      void this.outputEnded().then(giveUp);
    });
  }

  /**
   * Resolves with the manner of the process's end once its last output has been read, which is the part that tells
   * why; 'exit' can come before that.
   */
  async outputEnded(): Promise<string> {
    const exit = await this.exited;
    await Promise.race([this.closed, sleep(OUTPUT_DRAIN_MS, undefined, { ref: false })]);
    return exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
  }

  /** Sends a signal and waits for the end when the signal is one that always ends the process (SIGKILL). */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.isRunning) return;
    signalProcess(this.pid, signal);
    if (signal === 'SIGKILL') await this.exited;
  }

  /**
   * Asks the process to end, waits, and falls back to SIGKILL. It is asked once, however often this is called: many
   * programs take a second request for the wish to drop everything.
   */
  stop(): Promise<ProcessExit> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async end(): Promise<ProcessExit> {
    if (this.isRunning) {
      signalProcess(this.pid, this.options.stopSignal ?? 'SIGTERM');
      const timer = setTimeout(
        () => signalProcess(this.pid, 'SIGKILL'),
        this.options.stopTimeoutMs ?? 10_000,
      );
      await this.exited;
      clearTimeout(timer);
    }
    return this.exited;
  }

  private async becomeReady(): Promise<void> {
    const { isReady, name, startTimeoutMs = 20_000 } = this.options;
    if (isReady === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () =>
          reject(new ProcessStartError(`${name} was not ready within ${startTimeoutMs} ms.`, this.output)),
        startTimeoutMs,
      );
    });
    try {
      await Promise.race([this.nextLine(isReady), tooLate]);
    } catch (error) {
      await this.kill('SIGKILL');
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private listen(stream: 'stdout' | 'stderr'): void {
    const source = this.child[stream];
    if (source === null) return;
    createInterface({ input: source, crlfDelay: Infinity }).on('line', (line) => {
      this.tail.push(line);
      if (this.tail.length > OUTPUT_TAIL_LINES) this.tail.shift();
      this.options.onLine?.(line, stream);
      for (const listener of this.lineListeners) listener(line);
    });
  }
}
