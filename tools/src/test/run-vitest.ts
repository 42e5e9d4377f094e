import { spawn } from 'node:child_process';
import { join } from 'node:path';

/**
 * Runs Vitest in this terminal and resolves with its exit code. Progress and failures are printed as they come, the
 * whole result goes to `reportFile`. It ends with this process: on a signal, and when whoever started this one is gone.
 */
export function runVitest(root: string, args: readonly string[], reportFile: string): Promise<number> {
  const child = spawn(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      ...args,
    ],
    { cwd: root, stdio: 'inherit' },
  );
  const passOn = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, passOn);
  process.once('disconnect', () => passOn('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
