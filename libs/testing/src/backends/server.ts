import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../processes/free-port.ts';
import {
  ManagedProcess,
  ProcessStartError,
  type ManagedProcessOptions,
} from '../processes/managed-process.ts';
import { childPids, isAlive, signalProcess } from '../processes/process-identity.ts';

const PORT_ATTEMPTS = 5;
/** A server that was killed can leave its port or its shared memory behind for a moment. */
const LINGERING_ATTEMPTS = 20;
const LINGERING_PAUSE_MS = 100;
const PORT_TAKEN = /address already in use|could not bind/i;
const MEMORY_HELD = /shared memory block .* is still in use|lock file ".*" already exists/i;

/**
 * One real server on a loopback port, with data that survives `kill` and `restart`. The pid changes with a restart,
 * the port and the data do not.
 */
export class Server {
  readonly port: number;
  private readonly describe: (port: number) => ManagedProcessOptions;
  private readonly cleanUp: () => void;
  private process: ManagedProcess;

  private constructor(
    port: number,
    describe: (port: number) => ManagedProcessOptions,
    process: ManagedProcess,
    cleanUp: () => void,
  ) {
    this.port = port;
    this.describe = describe;
    this.process = process;
    this.cleanUp = cleanUp;
  }

  /**
   * Starts on `port`, or on a free one. `cleanUp` runs when the server is stopped for good, and when it cannot be
   * started.
   */
  static async start(
    describe: (port: number) => ManagedProcessOptions,
    options: { port?: number | undefined; cleanUp?: () => void },
  ): Promise<Server> {
    const cleanUp = options.cleanUp ?? ((): void => {});
    for (let attempt = 1; ; attempt += 1) {
      const port = options.port ?? (await freePort());
      try {
        return new Server(port, describe, await ManagedProcess.start(describe(port)), cleanUp);
      } catch (error) {
        // Somebody else took the port between the look and the start: only a port of our own choice can be changed.
        const mayRetry = options.port === undefined && attempt < PORT_ATTEMPTS && isPortTaken(error);
        if (mayRetry) continue;
        cleanUp();
        throw error;
      }
    }
  }

  get pid(): number {
    return this.process.pid;
  }

  get isRunning(): boolean {
    return this.process.isRunning;
  }

  /** Resolves when the current process ends, whoever ended it. */
  get exited(): ManagedProcess['exited'] {
    return this.process.exited;
  }

  /** The last lines the current process printed. */
  get output(): string {
    return this.process.output;
  }

  /**
   * Sends a signal, SIGKILL unless told otherwise. After SIGKILL the server and every process it had forked are gone
   * when this resolves. SIGSTOP and SIGCONT freeze and thaw it.
   */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const children = signal === 'SIGKILL' ? childPids(this.process.pid) : [];
    await this.process.kill(signal);
    for (const pid of children) if (isAlive(pid)) signalProcess(pid, 'SIGKILL');
  }

  /** Starts again on the same port and data; stops the running process first. */
  async restart(): Promise<void> {
    await this.process.stop();
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.process = await ManagedProcess.start(this.describe(this.port));
        return;
      } catch (error) {
        if (attempt >= LINGERING_ATTEMPTS || !(isPortTaken(error) || isMemoryHeld(error))) throw error;
        await sleep(LINGERING_PAUSE_MS);
      }
    }
  }

  /** Ends the server cleanly and removes what it kept, if it was temporary. Safe to call twice. */
  async stop(): Promise<void> {
    await this.process.kill('SIGCONT'); // A frozen server would never see the request to end.
    await this.process.stop();
    this.cleanUp();
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof ProcessStartError && PORT_TAKEN.test(error.output);
}

function isMemoryHeld(error: unknown): boolean {
  return error instanceof ProcessStartError && MEMORY_HELD.test(error.output);
}

/** The environment every server gets: nothing of the caller's, so that runs are alike. */
export const SERVER_ENVIRONMENT: Record<string, string> = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
};
