/*
 * A thread beside the work of a child process. When the worker dies, SIGKILL included, the child is adopted by another process; this
 * notices even while the work keeps the main thread busy, and ends the child with everything it has started.
 */
import { parentPort, workerData } from 'node:worker_threads';

const LOOK_INTERVAL_MS = 200;

const { workerPid } = workerData as { workerPid: number };

function look(): void {
  if (process.ppid === workerPid) return;
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    // No process group of its own, as on systems without them.
    process.kill(process.pid, 'SIGKILL');
  }
}

look();
setInterval(look, LOOK_INTERVAL_MS);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage('watching');
