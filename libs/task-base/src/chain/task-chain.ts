import type { Metrics } from '@bus/observability';
import type { RunCancellations } from '../cancel/run-cancellations.ts';
import { carryCorrelation } from './carry-correlation.ts';
import { endWhenRevoked } from './end-when-revoked.ts';
import { honourCancel } from './honour-cancel.ts';
import { limitTime } from './limit-time.ts';
import { logRun } from './log-run.ts';
import { measureRun } from './measure-run.ts';
import { readParameters } from './read-parameters.ts';
import { runHandler } from './run-handler.ts';
import { sanitiseOutcome } from './sanitise-outcome.ts';
import type { ScheduleReports } from '../schedules/schedule-reports.ts';
import { skipSettledRun } from './skip-settled-run.ts';
import type { TaskLink } from './task-run.ts';
import { traceRun } from './trace-run.ts';

/** Everything that happens around a handler, from the outside in. A new concern is one file and one line here. */
export function taskChain(
  metrics: Metrics,
  cancellations: RunCancellations,
  scheduleReports?: ScheduleReports,
): readonly TaskLink[] {
  return [
    sanitiseOutcome, // outermost: nothing leaves for Redis without passing it
    measureRun(metrics),
    carryCorrelation,
    traceRun,
    logRun,
    readParameters(metrics), // inside measuring and logging, so a refused job is seen by both
    honourCancel(cancellations),
    skipSettledRun(scheduleReports),
    limitTime,
    endWhenRevoked(metrics), // inside the limits, whose verdict it carries out
    runHandler,
  ];
}
