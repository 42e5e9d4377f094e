import type { AuditLine, KeptDeadLetter } from '@bus/database';
import { redact } from '@bus/observability';
import type { JobView } from '@bus/task-base';
import { moment, oneLine } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import type { TraceStep } from './job-tables.ts';

const MOST_LINES = 200;

/** What Postgres knows about a piece of work, in no order; or, where it does not answer, what is missing. */
export async function storedSteps(
  session: Session,
  id: string,
  correlationId: string,
  jobs: readonly JobView[],
): Promise<{ steps: TraceStep[]; missing?: string }> {
  try {
    const [letters, log, slots] = await Promise.all([
      session.letters(),
      session.audit(),
      slotSteps(session, jobs),
    ]);
    const { STAFF_SCOPE } = await import('@bus/database');
    const [ofWork, ofJob, auditOfWork, auditOfJob] = await Promise.all([
      letters.search({ correlationId, limit: MOST_LINES }),
      letters.search({ jobId: id, limit: MOST_LINES }),
      log.listByCorrelation(correlationId, MOST_LINES),
      log.list({ subjectType: 'job', subjectId: id, scope: STAFF_SCOPE, limit: MOST_LINES }),
    ]);
    const letterById = new Map([...ofWork, ...ofJob].map((letter) => [letter.deadLetterId, letter]));
    const lineById = new Map([...auditOfWork, ...auditOfJob].map((line) => [line.auditId, line]));
    return {
      steps: [
        ...slots,
        ...[...letterById.values()].flatMap(stepsOfLetter),
        ...[...lineById.values()].map(stepOfLine),
      ],
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { steps: [], missing: `Without dead letters and audit lines: ${reason}` };
  }
}

/** The slots of schedules the jobs are for. */
async function slotSteps(session: Session, jobs: readonly JobView[]): Promise<TraceStep[]> {
  const runIds = [...new Set(jobs.flatMap(({ scheduleRunId }) => scheduleRunId ?? []))];
  const runs = await session.scheduleRuns();
  const found = await Promise.all(runIds.map((runId) => runs.find(runId)));
  return found
    .filter((run) => run !== undefined)
    .map(({ decidedAt, scheduleName, runId, slotAt, cause }) => ({
      at: decidedAt,
      what: 'slot',
      where: `schedule ${scheduleName}`,
      detail: `run ${runId}, ${cause.replace('_', ' ')} of ${moment(slotAt)}`,
    }));
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
