import { setTimeout as delay } from 'node:timers/promises';

export interface PacedOptions {
  readonly perSecond: number;
  readonly seconds: number;
  /** Called each second with the number issued so far. */
  readonly onProgress?: (issued: number) => void;
}

/**
 * Issues `perSecond * seconds` calls on a fixed schedule. A late tick issues what is due at once, so a slow machine
 * gets the same load and cannot hide behind it (no coordinated omission).
 * @returns how many were issued
 */
export async function paced(options: PacedOptions, issue: (index: number) => void): Promise<number> {
  const total = options.perSecond * options.seconds;
  const startedAt = performance.now();
  let issued = 0;
  let reportedSecond = 0;
  while (issued < total) {
    const elapsedSeconds = (performance.now() - startedAt) / 1000;
    const due = Math.min(total, Math.floor(elapsedSeconds * options.perSecond) + 1);
    while (issued < due) {
      issue(issued);
      issued += 1;
    }
    if (Math.floor(elapsedSeconds) > reportedSecond) {
      reportedSecond = Math.floor(elapsedSeconds);
      options.onProgress?.(issued);
    }
    const nextDueMs = startedAt + (issued / options.perSecond) * 1000 - performance.now();
    if (nextDueMs > 0) await delay(nextDueMs);
  }
  return issued;
}
