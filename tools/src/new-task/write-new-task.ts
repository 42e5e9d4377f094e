import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NewTaskPlan } from './plan-new-task.ts';

/**
 * Writes a plan and formats what it wrote.
 *
 * @throws Error with what Prettier says when it cannot read a file; all are written by then
 */
export function writeNewTask(root: string, { created, changed }: NewTaskPlan): void {
  const files = new Map([...created, ...changed]);
  for (const [path, text] of files) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const prettier = join(root, 'node_modules/.bin/prettier');
  const { status, stderr, error } = spawnSync(prettier, ['--write', '--log-level=warn', ...files.keys()], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw error ?? new Error(stderr);
}
