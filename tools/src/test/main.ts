/**
 * `npm test [-- filters and vitest options]`: every spec of every project in one run. The last line is always
 * `N passed, N failed, N skipped`; the exit code is 0 only when something ran and nothing failed.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '@bus/testing';
import { runVitest } from './run-vitest.ts';
import { formatOutcome, outcomeOf } from './test-outcome.ts';

const directory = mkdtempSync(join(tmpdir(), 'bus-test-report-'));
const reportFile = join(directory, 'report.json');
const exitCode = await runVitest(REPOSITORY_ROOT, process.argv.slice(2), reportFile);
const outcome = outcomeOf(readReport(), exitCode);
rmSync(directory, { recursive: true, force: true });

for (const problem of outcome.problems) process.stdout.write(`${problem}\n`);
process.stdout.write(`${formatOutcome(outcome)}\n`);
process.exit(outcome.failed > 0 || outcome.passed === 0 ? 1 : 0);

function readReport(): string | undefined {
  try {
    return readFileSync(reportFile, 'utf8');
  } catch {
    return undefined; // Vitest ended before it could write one; the outcome says so.
  }
}
