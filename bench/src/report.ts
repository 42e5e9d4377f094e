import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const RESULTS = path.resolve(import.meta.dirname, '../results');

/** One promise of the project, and whether this run kept it. */
export interface Verdict {
  readonly claim: string;
  readonly measured: string;
  readonly kept: boolean;
}

export interface ScenarioReport {
  readonly scenario: string;
  readonly what: string;
  readonly verdicts: readonly Verdict[];
  readonly figures: Record<string, unknown>;
}

/** Writes `bench/results/<scenario>.json` and prints the verdicts. */
export function writeReport(report: ScenarioReport): void {
  mkdirSync(RESULTS, { recursive: true });
  const document = {
    ...report,
    command: `npm run bench -- ${report.scenario}`,
    machine: describeMachine(),
    measured_at: new Date().toISOString(),
  };
  const { figures, ...head } = document;
  writeFileSync(
    path.join(RESULTS, `${report.scenario}.json`),
    `${JSON.stringify({ ...head, figures }, null, 2)}\n`,
  );
  for (const { claim, measured, kept } of report.verdicts) {
    process.stdout.write(`  ${kept ? 'kept  ' : 'BROKEN'} ${claim}: ${measured}\n`);
  }
}

function describeMachine(): Record<string, string | number> {
  const totalMemoryGiB = Math.round(os.totalmem() / 2 ** 30);
  return {
    cores: os.cpus().length,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    memory_gib: totalMemoryGiB,
    system: readFileSync('/etc/os-release', 'utf8').match(/^PRETTY_NAME="(.*)"$/m)?.[1] ?? os.platform(),
    node: process.version,
    note: 'shared machine: compare figures of one run with each other, not across runs',
  };
}
