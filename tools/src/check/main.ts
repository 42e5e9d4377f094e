/**
 * `npm run check [-- --static]`: format, lint, lockfile, borders between projects, generated files, and (without
 * `--static`) all tests. Types are checked by the build that comes before. Every check runs, whatever the others say.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { REPOSITORY_ROOT } from '@bus/testing';
import { findViolations } from '../checks/boundaries.ts';
import { readWorkspace } from '../checks/workspace.ts';

interface Check {
  name: string;
  /** Returns what is wrong; empty when nothing is. */
  run: () => string;
}

const bin = (name: string): string => join(REPOSITORY_ROOT, 'node_modules/.bin', name);

const CHECKS: readonly Check[] = [
  { name: 'format', run: () => complaintsOf(bin('prettier'), '--check', '--log-level=warn', '.') },
  { name: 'lint', run: () => complaintsOf(bin('oxlint'), '--type-aware', '--quiet') },
  { name: 'borders', run: () => findViolations(readWorkspace(REPOSITORY_ROOT)).join('\n') },
  {
    name: 'lockfile',
    run: () => complaintsOf(process.execPath, 'tools/lockfile/complete-lockfile.mjs', '--check'),
  },
  {
    name: 'generated files',
    run: () => complaintsOf(process.execPath, 'tools/dist/reference/main.js', '--check'),
  },
];

const failures = CHECKS.filter(({ name, run }) => {
  const complaints = run();
  const isGood = complaints === '';
  process.stdout.write(`  ${isGood ? styleText('green', 'ok    ') : styleText('red', 'failed')} ${name}\n`);
  if (!isGood) process.stdout.write(`${complaints.replaceAll(/^/gm, '    ')}\n`);
  return !isGood;
});

if (!process.argv.includes('--static')) {
  const tests = spawnSync(process.execPath, [join(import.meta.dirname, '../test/main.js')], {
    cwd: REPOSITORY_ROOT,
    stdio: 'inherit',
  });
  process.exit(failures.length > 0 ? 1 : (tests.status ?? 1));
}
process.stdout.write(`${CHECKS.length - failures.length} of ${CHECKS.length} checks passed\n`);
process.exit(failures.length > 0 ? 1 : 0);

function complaintsOf(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: REPOSITORY_ROOT,
    encoding: 'utf8',
  });
  if (error) return error.message;
  return status === 0 ? '' : `${stdout}${stderr}`.trimEnd() || `exit code ${status}`;
}
