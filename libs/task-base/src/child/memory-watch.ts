import { readFile } from 'node:fs/promises';

/** A process that fills memory at 1 GiB/s passes its limit by about 100 MiB before it is noticed. */
const LOOK_INTERVAL_MS = 100;

const MIB_IN_KIB = 1_024;

/**
 * Calls back once when the process takes more resident memory than allowed, V8's heap and everything outside it. Linux only; on
 * other systems just the limit of the heap holds. Returns how to stop watching.
 */
export function watchMemory(pid: number, maxMemoryMiB: number, onExceeded: () => void): () => void {
  if (process.platform !== 'linux') return () => undefined;
  const timer = setInterval(() => {
    void residentKiB(pid).then((usedKiB) => {
      if (usedKiB > maxMemoryMiB * MIB_IN_KIB) onExceeded();
    });
  }, LOOK_INTERVAL_MS);
  return () => clearInterval(timer);
}

/** 0 when the process is gone. From `status` rather than `statm`, which counts in pages of a size the system chooses. */
async function residentKiB(pid: number): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
