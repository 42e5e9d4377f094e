/**
 * A process of its own that outlives its owner by moments. It reads what to watch from standard input; when that
 * pipe closes, the owner is gone, however it died, and everything still on the list is ended and its temporary
 * folders removed. Started by reaper.ts only.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, signalProcess } from './process-identity.ts';
import type { ReaperCommand, WatchedProcess } from './reaper.ts';

const POLL_MS = 25;
/** Servers flush to disk in this time; an application drains what it has in flight. */
const GRACE_MS = 6_000;

const watched = new Map<number, WatchedProcess>();
const directories = new Set<string>();

function obey(command: ReaperCommand): void {
  switch (command.verb) {
    case 'watch':
      watched.set(command.process.pid, command.process);
      return;
    case 'forget':
      watched.delete(command.pid);
      return;
    case 'own-directory':
      directories.add(command.path);
      return;
    case 'disown-directory':
      directories.delete(command.path);
      return;
  }
}

async function endAll(processes: WatchedProcess[]): Promise<void> {
  const alive = (): WatchedProcess[] => processes.filter((entry) => isAlive(entry.pid, entry.startTicks));
  for (const entry of alive()) signalProcess(entry.pid, entry.stopSignal);
  const deadline = Date.now() + GRACE_MS;
  while (alive().length > 0 && Date.now() < deadline) await sleep(POLL_MS);
  for (const entry of alive()) signalProcess(entry.pid, 'SIGKILL');
  while (alive().length > 0) await sleep(POLL_MS);
}

// Signals meant for the owner must not end its last safeguard.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  obey(JSON.parse(line) as ReaperCommand);
}

const all = [...watched.values()];
await endAll(all.filter((entry) => entry.stage === 'app'));
await endAll(all.filter((entry) => entry.stage === 'backend'));
for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
