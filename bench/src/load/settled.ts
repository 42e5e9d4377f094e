import { setTimeout as delay } from 'node:timers/promises';

/** Waits until `isDone`, at most `timeoutMs`. @returns whether it was done in time */
export async function settled(isDone: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (await isDone()) return true;
    await delay(20);
  }
  return isDone();
}
