import { readFileSync } from 'node:fs';

/** Proportional set size of a process in MiB: shared pages are divided among those who share them (proc(5)). */
export function proportionalMemoryMiB(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kibibytes = Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]);
  if (!Number.isFinite(kibibytes)) throw new Error(`no Pss line for process ${pid}`);
  return kibibytes / 1024;
}

/** CPU seconds (user + system) a process has used so far (proc(5), clock ticks of 10 ms). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
