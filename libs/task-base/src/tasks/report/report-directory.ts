import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'bus-report-';

/** `bus-report-<host>-<pid>-<start of the process>-<random>` */
const NAME = /^bus-report-([0-9a-f]{8})-(\d+)-(\d+)-[^-]+$/;

/** Hosts may share a temporary directory, and cannot ask whether the other's process lives. No report takes a day. */
const FOREIGN_LEFTOVER_MS = 24 * 3_600_000;

const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** Makes a directory that only this user can enter (0700) and whose name says which process it belongs to. */
export async function createReportDirectory(): Promise<string> {
  const owner = `${host}-${process.pid}-${(await startOf(process.pid)) ?? 0}`;
  return mkdtemp(join(tmpdir(), `${PREFIX}${owner}-`));
}

/** Removes the directory with all that is in it; one that is gone already is fine. */
export async function removeReportDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
}

/** Removes what killed processes have left behind. Returns how many directories that were. Never throws. */
export async function removeReportLeftovers(): Promise<number> {
  // A temporary directory that cannot be read is for the run that needs it to complain about.
  const names = await readdir(tmpdir()).catch(() => []);
  const removed = await Promise.all(names.map((name) => removeIfLeftover(name)));
  return removed.filter(Boolean).length;
}

async function removeIfLeftover(name: string): Promise<boolean> {
  const match = NAME.exec(name);
  if (match === null) return false;
  const [, ownerHost, pid, start] = match;
  const path = join(tmpdir(), name);
  try {
    const { uid, mtimeMs } = await lstat(path);
    // Anyone may write into the temporary directory: what is not ours is not ours to judge.
    if (uid !== process.getuid?.()) return false;
    const isLeftover =
      ownerHost === host
        ? !(await isRunning(Number(pid), Number(start)))
        : Date.now() - mtimeMs > FOREIGN_LEFTOVER_MS;
    if (!isLeftover) return false;
    await removeReportDirectory(path);
    return true;
  } catch {
    // Another process was faster, or it cannot be removed; the next start tries again.
    return false;
  }
}

/** Pids are used again, so a process counts as the same one only when it also started at the same moment. */
async function isRunning(pid: number, start: number): Promise<boolean> {
  const found = await startOf(pid);
  if (found !== undefined) return found === start;
  if (process.platform === 'linux') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When the process started, in ticks of the kernel; see proc(5), field 22. Undefined when it is gone, or off Linux. */
async function startOf(pid: number): Promise<number | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return afterName[0] === 'Z' ? undefined : Number(afterName[19]);
  } catch {
    return undefined;
  }
}
