/** The part of Vitest's JSON report that is counted here. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { name: string; status: string; message: string; assertionResults: { status: string }[] }[];
}

export interface TestOutcome {
  passed: number;
  failed: number;
  skipped: number;
  /** What failed without being a test: a file that could not be loaded, an error outside of any test. */
  problems: string[];
}

/** Counts a run, and never calls one good that did not come to its end or in which nothing ran. */
export function outcomeOf(reportText: string | undefined, exitCode: number): TestOutcome {
  if (reportText === undefined) {
    return {
      passed: 0,
      failed: 1,
      skipped: 0,
      problems: [`The test runner ended early (exit code ${exitCode}).`],
    };
  }
  const report = JSON.parse(reportText) as Report;
  const problems = report.testResults
    .filter(
      (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
    )
    .map((file) => `${file.name} failed as a whole: ${file.message.split('\n')[0] ?? ''}`);
  const passed = report.numPassedTests;
  let failed = report.numFailedTests + problems.length;
  if (failed === 0 && exitCode !== 0) {
    failed = 1;
    problems.push(
      `The test runner reported an error outside of the tests (exit code ${exitCode}), see above.`,
    );
  }
  if (passed + failed === 0) problems.push('No test ran. Is the filter right?');
  return { passed, failed, skipped: report.numPendingTests + report.numTodoTests, problems };
}

export function formatOutcome({ passed, failed, skipped }: TestOutcome): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
