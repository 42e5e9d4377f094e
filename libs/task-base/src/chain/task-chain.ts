import type { ValueSealer } from '@bus/channel-layer';
import type { Metrics } from '@bus/observability';
import type { RunCancellations } from '../cancel/run-cancellations.ts';
import type { ParkedJobs } from '../parking/parked-jobs.ts';
import { endWhenRevoked } from './end-when-revoked.ts';
import { enterScope } from './enter-scope.ts';
import { honourCancel } from './honour-cancel.ts';
import { limitTime } from './limit-time.ts';
import { logRun } from './log-run.ts';
import { measureRun } from './measure-run.ts';
import { parkWhenRefused } from './park-when-refused.ts';
import { readParameters } from './read-parameters.ts';
import { replayOutcome } from './replay-outcome.ts';
import type { Claims } from './replay-outcome.ts';
import { runHandler } from './run-handler.ts';
import { sanitiseOutcome } from './sanitise-outcome.ts';
import type { ScheduleReports } from '../schedules/schedule-reports.ts';
import { skipSettledRun } from './skip-settled-run.ts';
import type { TaskLink } from './task-run.ts';
import { traceRun } from './trace-run.ts';

/** What the links lean on. */
export interface ChainParts {
  readonly cancellations: RunCancellations;
  readonly claims: Claims;
  /** Without it no sealed parameter opens. */
  readonly sealer?: ValueSealer | undefined;
  readonly parked: ParkedJobs;
  readonly scheduleReports?: ScheduleReports | undefined;
}

/** Everything that happens around a handler, from the outside in. A new concern is one file and one line here. */
export function taskChain(metrics: Metrics, parts: ChainParts): readonly TaskLink[] {
  const { cancellations, claims, sealer, parked, scheduleReports } = parts;
  return [
    enterScope, // outermost: what the run conceals is unknown to the links outside of it
    sanitiseOutcome, // nothing leaves for Redis without passing it
    measureRun(metrics),
    traceRun,
    logRun,
    readParameters(metrics, sealer), // inside measuring and logging, so a refused job is seen by both
    honourCancel(cancellations),
    skipSettledRun(scheduleReports),
    replayOutcome(metrics, claims), // outside the limits: waiting for another run is not running
    parkWhenRefused(parked, metrics), // inside the claim: a parked job lets go of its work
    limitTime,
    endWhenRevoked(metrics), // inside the limits, whose verdict it carries out
    runHandler,
  ];
}
