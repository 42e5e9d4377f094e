import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, processStartTicks } from '@bus/testing';
import { writePrivateFile, type StateDirectory } from './state-directory.ts';

interface KnownProcess {
  name: string;
  pid: number;
  startTicks?: string | undefined;
}

/** How long the children of a killed start get to end by themselves. */
const LEFTOVER_GRACE_MS = 15_000;

/** Thrown when this clone is being run already. */
export class AlreadyStartedError extends Error {
  override readonly name = 'AlreadyStartedError';
  constructor(pid: number, nocUrl: string | undefined) {
    super(
      `This clone is running already (process ${pid})${nocUrl === undefined ? '' : `: ${nocUrl}`}. ` +
        `Stop it with Ctrl-C in its terminal, or: kill ${pid}`,
    );
  }
}

/**
 * Takes the clone for this process; throws `AlreadyStartedError` while another start is alive. A lock left by a killed
 * one is taken over. Returns the function that gives it back.
 */
export function takeClone(state: StateDirectory): () => void {
  const lock = state.file('start.lock');
  const own = `${lock}.${process.pid}`;
  writeFileSync(
    own,
    JSON.stringify({ name: 'start', pid: process.pid, startTicks: processStartTicks(process.pid) }),
  );
  try {
    for (;;) {
      try {
        linkSync(own, lock); // Appears whole or not at all, unlike a file that is opened and then written.
        break;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
      const owner = readJson<KnownProcess>(lock);
      if (owner !== undefined && isAlive(owner.pid, owner.startTicks)) {
        throw new AlreadyStartedError(
          owner.pid,
          readJson<{ nocUrl?: string }>(state.file('runtime.json'))?.nocUrl,
        );
      }
      rmSync(lock, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => rmSync(lock, { force: true });
}

/** Keeps on disk which processes belong to this clone, so that the next start knows them should this one be killed. */
export class ProcessRecord {
  private readonly known = new Map<number, KnownProcess>();

  constructor(private readonly state: StateDirectory) {}

  add(name: string, pid: number): void {
    this.known.set(pid, { name, pid, startTicks: processStartTicks(pid) });
    this.save();
  }

  /** Ends what a killed start has left; resolves with the names of the processes that had to be ended by force. */
  async endLeftovers(): Promise<string[]> {
    const leftovers = readJson<KnownProcess[]>(this.state.file('processes.json')) ?? [];
    const alive = (): KnownProcess[] => leftovers.filter(({ pid, startTicks }) => isAlive(pid, startTicks));
    const deadline = Date.now() + LEFTOVER_GRACE_MS;
    while (alive().length > 0 && Date.now() < deadline) await sleep(50);
    const forced = alive();
    for (const { pid } of forced) process.kill(pid, 'SIGKILL');
    while (alive().length > 0) await sleep(50);
    rmSync(this.state.file('processes.json'), { force: true });
    rmSync(this.state.file('runtime.json'), { force: true });
    return forced.map(({ name }) => name);
  }

  private save(): void {
    for (const { pid, startTicks } of this.known.values())
      if (!isAlive(pid, startTicks)) this.known.delete(pid);
    writePrivateFile(this.state.file('processes.json'), [...this.known.values()]);
  }
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined; // Absent, or cut off by a full disk: nothing can be learnt from it.
  }
}
