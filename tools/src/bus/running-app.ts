import { startApp, type AppProcess, type StartAppOptions } from '@bus/testing';

export interface RunningAppOptions extends StartAppOptions {
  /** Aborting it ends a start, or a restart, that is under way. */
  signal?: AbortSignal;
}

/** One app of a running bus. It keeps its environment, so it can be killed and started again. */
export class RunningApp {
  readonly #start: () => Promise<StartedApp>;
  #current: StartedApp;

  private constructor(
    readonly app: string,
    readonly name: string,
    start: () => Promise<StartedApp>,
    current: StartedApp,
  ) {
    this.#start = start;
    this.#current = current;
  }

  /**
   * Starts `apps/<app>` and resolves once it says it is ready; leaves no process behind when it does not. `name` tells
   * replicas apart.
   */
  static async start(
    app: string,
    name: string,
    environment: Record<string, string>,
    options: RunningAppOptions = {},
  ): Promise<RunningApp> {
    const start = (): Promise<StartedApp> => startUntilReady(app, environment, options);
    return new RunningApp(app, name, start, await start());
  }

  /** The process as it is now: after a restart it is another one. */
  get process(): AppProcess {
    return this.#current.process;
  }

  get pid(): number {
    return this.process.pid;
  }

  /** From the start of the process to its `ready` line, the last time. */
  get startMs(): number {
    return this.#current.startMs;
  }

  /** SIGKILL; the process is gone when this resolves. */
  async kill(): Promise<void> {
    await this.process.kill('SIGKILL');
  }

  /** Starts the app again with the environment of its first start; stops it first when it still runs. */
  async restart(): Promise<void> {
    if (this.process.isRunning) await this.process.stop();
    this.#current = await this.#start();
  }

  /** Asks the app to end. @returns its exit code; null when it had to be killed */
  stop(): Promise<number | null> {
    return this.process.stop();
  }
}

interface StartedApp {
  readonly process: AppProcess;
  readonly startMs: number;
}

async function startUntilReady(
  app: string,
  environment: Record<string, string>,
  { signal, ...options }: RunningAppOptions,
): Promise<StartedApp> {
  const startedAt = performance.now();
  const process = await startApp(app, environment, options);
  const giveUp = (): void => void process.stop();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    signal?.throwIfAborted();
    await process.ready();
    signal?.throwIfAborted();
  } catch (error) {
    await (signal?.aborted ? process.stop() : process.kill());
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
  return { process, startMs: performance.now() - startedAt };
}
