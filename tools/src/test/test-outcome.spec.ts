import { describe, expect, it } from 'vitest';
import { formatOutcome, outcomeOf } from './test-outcome.ts';

function report(counts: object, files: object[] = []): string {
  return JSON.stringify({
    numPassedTests: 0,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: files,
    ...counts,
  });
}

describe('the outcome of a test run', () => {
  it('counts what passed, failed and was left out', () => {
    const text = report({ numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 });
    expect(formatOutcome(outcomeOf(text, 1))).toBe('5 passed, 1 failed, 3 skipped');
  });

  it('counts a file that could not be loaded as a failure', () => {
    const files = [
      { name: 'a.spec.ts', status: 'failed', message: 'no such module\nstack', assertionResults: [] },
    ];
    const outcome = outcomeOf(report({ numPassedTests: 5 }, files), 1);
    expect(outcome.failed).toBe(1);
    expect(outcome.problems).toEqual(['a.spec.ts failed as a whole: no such module']);
  });

  it('does not count a failed test twice', () => {
    const files = [
      { name: 'a.spec.ts', status: 'failed', message: '', assertionResults: [{ status: 'failed' }] },
    ];
    expect(outcomeOf(report({ numFailedTests: 1 }, files), 1).failed).toBe(1);
  });

  it('is a failure when the runner failed although every test passed', () => {
    expect(formatOutcome(outcomeOf(report({ numPassedTests: 5 }), 1))).toBe('5 passed, 1 failed, 0 skipped');
  });

  it('is a failure when the runner left no report', () => {
    expect(formatOutcome(outcomeOf(undefined, 134))).toBe('0 passed, 1 failed, 0 skipped');
  });

  it('says that nothing ran', () => {
    expect(outcomeOf(report({}), 0).problems).toEqual(['No test ran. Is the filter right?']);
  });
});
