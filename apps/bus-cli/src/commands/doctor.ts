import type { Command } from 'commander';
import type { CommandRunner } from '../command-runner.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../output/printable.ts';
import type { Report } from '../output/report.ts';
import { paint, type Screen, type Style } from '../output/screen.ts';
import { counted } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import type { Finding } from '../doctor/finding.ts';
import type { StageFindings } from '../doctor/stages.ts';

/** The servers of the bus: when none of them answers there is nothing to examine. */
const SERVERS = new Set(['redis', 'broker', 'postgres']);

export function addDoctorCommand(program: Command, runner: CommandRunner): void {
  program
    .command('doctor')
    .description('examines settings, servers, workers and clocks; says how to mend what is wrong')
    .action(() => runner.run(({ session }) => examineAll(session)));
}

async function examineAll(session: Session): Promise<Report> {
  // Without an address there is nothing to examine; its error says what to do.
  await session.addresses();
  const { examine } = await import('../doctor/stages.ts');
  const stages = await examine(session);
  const count = (outcome: Finding['outcome']): number =>
    stages.flatMap(({ findings }) => findings).filter((finding) => finding.outcome === outcome).length;
  const summary = {
    ok: count('ok'),
    warnings: count('warning'),
    failed: count('failed'),
    skipped: count('skipped'),
  };
  return {
    data: { stages: stages.map(({ stage, findings }) => ({ stage, findings })), summary },
    text: (screen) =>
      [...stages.map((stage) => stageText(screen, stage)), '', summaryText(screen, summary)].join('\n'),
    exitCode: exitCodeOf(stages, summary.failed),
  };
}

function exitCodeOf(stages: readonly StageFindings[], failures: number): ExitCode {
  const servers = stages.filter(({ stage }) => SERVERS.has(stage));
  const answering = servers.filter(
    ({ findings, isUnreachable }) => !isUnreachable && findings.some(({ outcome }) => outcome !== 'skipped'),
  );
  if (answering.length === 0) return EXIT.unreachable;
  return failures > 0 ? EXIT.problem : EXIT.ok;
}

const MARKS: Readonly<Record<Finding['outcome'], { mark: string; style: Style }>> = {
  ok: { mark: 'ok  ', style: 'good' },
  warning: { mark: 'warn', style: 'warning' },
  failed: { mark: 'FAIL', style: 'bad' },
  skipped: { mark: 'skip', style: 'quiet' },
};

function stageText(screen: Screen, { stage, findings }: StageFindings): string {
  const lines = findings.flatMap(({ check, outcome, detail, hint }) => {
    const { mark, style } = MARKS[outcome];
    return [
      `  ${paint(screen, style, mark)}  ${printable(check)}: ${printable(detail)}`,
      ...(hint === undefined ? [] : [`        ${paint(screen, 'title', `-> ${printable(hint)}`)}`]),
    ];
  });
  return [paint(screen, 'title', stage), ...lines].join('\n');
}

function summaryText(
  screen: Screen,
  { ok, warnings, failed }: { ok: number; warnings: number; failed: number },
): string {
  const text = `${counted(ok, 'check')} passed, ${counted(warnings, 'warning')}, ${failed} failed.`;
  return paint(screen, failed > 0 ? 'bad' : 'good', text);
}
