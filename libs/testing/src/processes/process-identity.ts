import { readFileSync } from 'node:fs';

/**
 * When a process started, in the kernel's own ticks; undefined when it is gone (or off Linux). Together with the
 * pid it names one process for good: pids are reused, pairs are not.
 */
export function processStartTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program name in brackets and may itself contain spaces and brackets.
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (afterName[0] === 'Z') return undefined;
    return afterName[19];
  } catch {
    return undefined;
  }
}

/** True while a process with this pid exists; with `startTicks`, only while it is that same process. */
export function isAlive(pid: number, startTicks?: string): boolean {
  if (process.platform === 'linux') {
    const ticks = processStartTicks(pid);
    return ticks !== undefined && (startTicks === undefined || ticks === startTicks);
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Pids of the direct children of a process; empty when it is gone or off Linux. */
export function childPids(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Sends a signal and ignores the one expected failure: the process has ended meanwhile. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
