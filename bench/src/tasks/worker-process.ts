import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Answer } from '../load/answer.ts';
import type { WorkerMessage, WorkerRequest } from './worker-messages.ts';

export type Side = 'bare' | 'bus';
export type Progress = Extract<WorkerMessage, { kind: 'progress' }>;

export interface WorkerProcessOptions {
  readonly redisUrl: string;
  /** The worker tells when it has begun this many. */
  readonly jobs?: number;
  /** So many of them are run before measuring begins. */
  readonly warmUpJobs?: number;
  readonly onProgress?: (progress: Progress) => void;
}

const ASK_AGAIN_AFTER_MS = 20;

/** A worker of one side in a process of its own. A process that ends, or a job that fails, rejects whatever is waited for. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #ready = new Answer<undefined>();
  readonly #finished = new Answer<number>();
  readonly #broken = new Answer<never>();
  #latencies = new Answer<readonly number[]>();

  private constructor(child: ChildProcess, onProgress: (progress: Progress) => void) {
    this.#child = child;
    child.on('message', (message: WorkerMessage) => this.#told(message, onProgress));
    child.on('exit', (code) => this.#broken.refuse(new Error(`the worker ended with ${code}`)));
  }

  /** Resolves when the worker takes jobs. */
  static async start(side: Side, options: WorkerProcessOptions): Promise<WorkerProcess> {
    const { redisUrl, jobs, warmUpJobs, onProgress = () => undefined } = options;
    const args = [`--redis=${redisUrl}`];
    if (jobs !== undefined) args.push(`--jobs=${jobs}`);
    if (warmUpJobs !== undefined) args.push(`--warm-up-jobs=${warmUpJobs}`);
    const child = fork(path.join(import.meta.dirname, `${side}-worker.js`), args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const worker = new WorkerProcess(child, onProgress);
    await worker.#unlessBroken(worker.#ready.promise);
    return worker;
  }

  /** Resolves when the last job has begun, with the time since the last one of the warm-up, in milliseconds. */
  finished(): Promise<number> {
    return this.#unlessBroken(this.#finished.promise);
  }

  /**
   * From the call of the producer to the entry of the handler, of the next `count` jobs.
   *
   * @throws Error when fewer have come after `timeoutMs`
   */
  async takeLatencies(count: number, timeoutMs: number): Promise<number[]> {
    const deadline = performance.now() + timeoutMs;
    const taken: number[] = [];
    while (taken.length < count) {
      if (performance.now() > deadline) throw new Error(`only ${taken.length} of ${count} jobs were run`);
      this.#latencies = new Answer();
      this.#child.send('latencies' satisfies WorkerRequest);
      taken.push(...(await this.#unlessBroken(this.#latencies.promise)));
      if (taken.length < count) await delay(ASK_AGAIN_AFTER_MS);
    }
    return taken;
  }

  /** Ends the process in order: what runs ends, connections are closed. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    await exited;
  }

  #told(message: WorkerMessage, onProgress: (progress: Progress) => void): void {
    switch (message.kind) {
      case 'ready':
        return this.#ready.give(undefined);
      case 'progress':
        return onProgress(message);
      case 'finished':
        return this.#finished.give(message.spanMs);
      case 'latencies':
        return this.#latencies.give(message.latenciesMs);
      case 'failed':
        return this.#broken.refuse(new Error(message.reason));
      default:
        return message satisfies never;
    }
  }

  #unlessBroken<T>(waiting: Promise<T>): Promise<T> {
    return Promise.race([waiting, this.#broken.promise]);
  }
}
