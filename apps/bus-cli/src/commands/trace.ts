import type { AuditLine, KeptDeadLetter } from '@bus/database';
import { redact } from '@bus/observability';
import { NotFoundError } from '../cli.errors.ts';
import type { Report } from '../output/report.ts';
import { fields } from '../output/table.ts';
import { moment, oneLine } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import { stepTable, traceStepOf, type TraceStep } from './job-tables.ts';

const MOST_LINES = 200;

/**
 * Everything known about one piece of work, oldest first: from Redis what its jobs went through, from Postgres its dead letters and
 * what people did with it. Postgres is not needed; without it the trace says what is missing.
 */
export async function trace(session: Session, id: string): Promise<Report> {
  const { correlationId, jobs, steps } = await (await session.jobs()).steps(id);
  const stored = await storedSteps(session, id, correlationId);
  const all = [...steps.map(traceStepOf), ...stored.steps].toSorted(
    (one, other) => one.at.getTime() - other.at.getTime(),
  );
  if (all.length === 0) {
    throw new NotFoundError(
      `Nothing is known of '${id}'.${stored.missing === undefined ? '' : ` ${stored.missing}`}`,
      'finished jobs are kept for a while only',
    );
  }
  const tasks = [...new Set(jobs.map(({ taskName }) => taskName))];
  return {
    data: {
      correlationId,
      jobs,
      steps: all,
      ...(stored.missing === undefined ? {} : { missing: stored.missing }),
    },
    text: (screen) =>
      [
        fields(screen, [
          ['correlation id', correlationId],
          ['tasks', tasks.join(', ') || '-'],
          ['jobs in Redis', jobs.length],
          ['began', moment(all[0]?.at ?? null)],
        ]),
        '',
        stepTable(screen, all),
        ...(stored.missing === undefined ? [] : ['', stored.missing]),
      ].join('\n'),
  };
}

async function storedSteps(
  session: Session,
  id: string,
  correlationId: string,
): Promise<{ steps: TraceStep[]; missing?: string }> {
  try {
    const [letters, log] = await Promise.all([session.letters(), session.audit()]);
    const [ofWork, ofJob, audit] = await Promise.all([
      letters.search({ correlationId, limit: MOST_LINES }),
      letters.search({ jobId: id, limit: MOST_LINES }),
      log.listByCorrelation(correlationId, MOST_LINES),
    ]);
    const all = new Map([...ofWork, ...ofJob].map((letter) => [letter.deadLetterId, letter]));
    return { steps: [...[...all.values()].flatMap(stepsOfLetter), ...audit.map(stepOfLine)] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { steps: [], missing: `Without dead letters and audit lines: ${reason}` };
  }
}

function stepsOfLetter(letter: KeptDeadLetter): TraceStep[] {
  const where = letter.jobId;
  const dead = {
    at: letter.failedAt,
    what: 'dead-letter',
    where,
    detail: `no. ${letter.deadLetterId}, ${letter.reason}: ${letter.detail}`,
  };
  if (letter.handledAt === null) return [dead];
  return [
    dead,
    { at: letter.handledAt, what: letter.status, where, detail: `dead letter no. ${letter.deadLetterId}` },
  ];
}

function stepOfLine(line: AuditLine): TraceStep {
  return {
    at: new Date(line.at),
    what: line.action,
    where: `${line.subjectType} ${line.subjectId}`,
    detail: oneLine(redact(line.details)),
  };
}
