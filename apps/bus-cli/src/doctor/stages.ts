import { describeError } from '../describe-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { Session } from '../session/session.ts';
import { checkBroker } from './check-broker.ts';
import { checkCircuits } from './check-circuits.ts';
import { checkClocks } from './check-clocks.ts';
import { checkConfiguration } from './check-configuration.ts';
import { checkMetrics } from './check-metrics.ts';
import { checkPostgres } from './check-postgres.ts';
import { checkRedis } from './check-redis.ts';
import { checkSchedules } from './check-schedules.ts';
import { checkWorkers } from './check-workers.ts';
import { failed, type Finding } from './finding.ts';

type Check = (session: Session) => Promise<Finding[]>;

/** A stage of the examination with what was found. */
export interface StageFindings {
  readonly stage: string;
  readonly findings: readonly Finding[];
  /** A server did not answer, so the stage could not look any further. */
  readonly isUnreachable: boolean;
}

/** In the order of the way inward: what stands above is what those below rest on. */
const STAGES: Readonly<Record<string, Check>> = {
  configuration: checkConfiguration,
  redis: checkRedis,
  broker: checkBroker,
  postgres: checkPostgres,
  workers: checkWorkers,
  circuits: checkCircuits,
  schedules: checkSchedules,
  metrics: checkMetrics,
  clocks: checkClocks,
};

/** Runs every stage, whatever the others find. None depends on another's result, so they run side by side. */
export function examine(session: Session): Promise<StageFindings[]> {
  return Promise.all(
    Object.entries(STAGES).map(async ([stage, check]) => {
      try {
        return { stage, findings: await check(session), isUnreachable: false };
      } catch (error) {
        const { message, hint, exitCode } = describeError(error);
        return {
          stage,
          findings: [failed(`${stage} can be examined`, message, hint ?? 'see the message')],
          isUnreachable: exitCode === EXIT.unreachable,
        };
      }
    }),
  );
}
