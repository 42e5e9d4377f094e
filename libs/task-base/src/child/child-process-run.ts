import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { redactText } from '@bus/observability';
import { TaskChildFailedError, TaskMemoryLimitError } from '../task-base.errors.ts';
import { parseFromChild, receivedError, sentError } from './child-messages.ts';
import type { FromChild, RunOrder, ToChild } from './child-messages.ts';
import { watchMemory } from './memory-watch.ts';
import { OutputTail } from './output-tail.ts';

export interface ChildProcessRunOptions {
  readonly order: Omit<RunOrder, 'type'>;
  readonly maxMemoryMiB: number;
  /** The whole environment of the child; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Aborted when the work should end by itself. */
  readonly signal: AbortSignal;
  /** Aborted when the child must be killed. */
  readonly revoked: AbortSignal;
  readonly confirmOwnership: () => Promise<void>;
  readonly onProgress: (percent: number, message: string | undefined) => void;
  readonly onLog: (level: Extract<FromChild, { type: 'log' }>['level'], message: string) => void;
}

type Answer = Extract<FromChild, { type: 'done' | 'failed' }>;

/** A child that has answered ends itself; one that hangs on its way out is helped. */
const EXIT_AFTER_ANSWER_MS = 2_000;

/** Its last words are in the pipes when it exits, to be read within moments. */
const LAST_OUTPUT_MS = 1_000;

/** What V8 prints when the heap is full, right before it aborts: the only sign it gives. */
const HEAP_FULL = 'JavaScript heap out of memory';

const IS_SOURCE = import.meta.url.endsWith('.ts');
const MAIN = fileURLToPath(new URL(`./child-main${IS_SOURCE ? '.ts' : '.js'}`, import.meta.url));

/**
 * Runs work in a child process of its own and settles once that process, and everything it has started, is gone.
 *
 * @throws what the work threw; TaskMemoryLimitError; TaskChildFailedError when it ended without a usable answer; `revoked.reason`
 */
export async function runInChildProcess(options: ChildProcessRunOptions): Promise<unknown> {
  options.revoked.throwIfAborted();
  return new ChildProcessRun(options).outcome();
}

class ChildProcessRun {
  private readonly options: ChildProcessRunOptions;
  private readonly child: ChildProcess;
  private readonly stderr: OutputTail;
  private answer: Answer | undefined;
  private killedFor: Error | undefined;
  private exitTimer: NodeJS.Timeout | undefined;

  constructor(options: ChildProcessRunOptions) {
    this.options = options;
    this.child = fork(MAIN, [String(process.pid)], {
      execArgv: [
        `--max-old-space-size=${options.maxMemoryMiB}`,
        ...(IS_SOURCE ? ['--conditions=@bus/source', '--disable-warning=ExperimentalWarning'] : []),
      ],
      env: { ...options.environment },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A process group of its own, to be killed with whatever the work has started.
      detached: true,
    });
    this.stderr = new OutputTail(this.child.stderr);
  }

  async outcome(): Promise<unknown> {
    const { child, options } = this;
    const onAbort = (): void => this.tell({ type: 'abort', reason: sentError(options.signal.reason) });
    const onRevoked = (): void => this.kill(options.revoked.reason as Error);
    child.on('message', (sent) => this.receive(sent));
    options.revoked.addEventListener('abort', onRevoked);
    let stopWatchingMemory = (): void => undefined;
    try {
      const closed = this.closed();
      this.tell({ type: 'run', ...options.order });
      options.signal.addEventListener('abort', onAbort);
      if (options.signal.aborted) onAbort();
      if (child.pid !== undefined) {
        stopWatchingMemory = watchMemory(child.pid, options.maxMemoryMiB, () =>
          this.kill(this.memoryLimit()),
        );
      }
      return this.verdict(await closed);
    } finally {
      clearTimeout(this.exitTimer);
      stopWatchingMemory();
      options.signal.removeEventListener('abort', onAbort);
      options.revoked.removeEventListener('abort', onRevoked);
    }
  }

  /** Resolves with how the process ended once it is gone and its last words were read, which may come after its exit. */
  private async closed(): Promise<string> {
    const { child } = this;
    const exit = await new Promise<string>((resolve, reject) => {
      child.once('error', (error) => {
        // Sending to a process that has just ended is an error too; then its exit follows.
        if (child.pid === undefined) reject(this.failed(`could not be started: ${error.message}`));
      });
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${String(code)}`));
    });
    // What the work has started goes with it, and lets go of its pipes.
    this.killGroup();
    const { stderr } = child;
    await Promise.race([
      Promise.all([
        child.connected ? once(child, 'disconnect') : undefined,
        stderr === null || stderr.readableEnded || stderr.destroyed ? undefined : once(stderr, 'close'),
      ]),
      pause(LAST_OUTPUT_MS),
    ]);
    return exit;
  }

  private receive(sent: unknown): void {
    const message = parseFromChild(sent);
    if (this.answer !== undefined) return;
    if (message === undefined) return this.kill(this.failed('sent something that is no message'));
    switch (message.type) {
      case 'progress':
        return this.options.onProgress(message.percent, message.message);
      case 'log':
        return this.options.onLog(message.level, message.message);
      case 'owned?':
        return void this.confirm(message.question);
      case 'done':
      case 'failed':
        this.answer = message;
        this.exitTimer = setTimeout(() => this.killGroup(), EXIT_AFTER_ANSWER_MS);
        return;
      default:
        message satisfies never;
    }
  }

  private async confirm(question: number): Promise<void> {
    try {
      await this.options.confirmOwnership();
      this.tell({ type: 'owned', question });
    } catch (error) {
      this.tell({ type: 'owned', question, refusal: sentError(error) });
    }
  }

  private verdict(exit: string): unknown {
    if (this.killedFor !== undefined) throw this.killedFor;
    if (this.answer?.type === 'failed') throw receivedError(this.answer.error);
    if (this.answer?.type === 'done') return this.resultOf(this.answer.result);
    if (this.stderr.includes(HEAP_FULL)) throw this.memoryLimit();
    const lastLines = redactText(this.stderr.lastLines());
    throw this.failed(`ended by ${exit} without an answer${lastLines === '' ? '' : `: ${lastLines}`}`);
  }

  private resultOf(json: string): unknown {
    if (Buffer.byteLength(json) > this.options.order.maxResultBytes)
      throw this.failed('sent too large a result');
    try {
      return JSON.parse(json) as unknown;
    } catch {
      throw this.failed('sent a result that is not JSON');
    }
  }

  private kill(reason: Error): void {
    // An answer that is there already stands.
    if (this.answer === undefined) this.killedFor ??= reason;
    this.killGroup();
  }

  private killGroup(): void {
    const { pid } = this.child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The group is gone, or this system has none.
      this.child.kill('SIGKILL');
    }
  }

  private tell(message: ToChild): void {
    // It may have ended already, which its exit tells; the error goes to the callback and nowhere else.
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private failed(what: string): TaskChildFailedError {
    return new TaskChildFailedError(this.options.order.about.taskName, what);
  }

  private memoryLimit(): TaskMemoryLimitError {
    return new TaskMemoryLimitError(this.options.order.about.taskName, this.options.maxMemoryMiB);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
