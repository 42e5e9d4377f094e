import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reaper } from './reaper.ts';

/** A new folder that only its owner can read. It is removed with `removeTemporaryDirectory`, or when this process dies. */
export function createTemporaryDirectory(purpose: string): string {
  const path = mkdtempSync(join(tmpdir(), `bus-${purpose}-`));
  reaper.ownDirectory(path);
  return path;
}

export function removeTemporaryDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  reaper.disownDirectory(path);
}
