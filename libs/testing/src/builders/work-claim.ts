import { randomUUID } from 'node:crypto';

/** A claim on a piece of work, as `ClaimStore` of `@bus/task-base` takes it. */
export interface BuiltClaim {
  readonly key: string;
  readonly taskName: string;
  readonly scope: string;
  readonly jobId: string;
  readonly fence: number;
  readonly claimId: string;
  readonly leaseMs: number;
  readonly ttlMs: number;
}

/** A claim on work nobody has claimed before, with the changes given. */
export function buildClaim(changes: Partial<BuiltClaim> = {}): BuiltClaim {
  return {
    key: randomUUID(),
    taskName: 'spec',
    scope: 'global',
    jobId: 'job-1',
    fence: 1,
    claimId: randomUUID(),
    leaseMs: 60_000,
    ttlMs: 60_000,
    ...changes,
  };
}

/** Another run's claim on the same work, by default in a job of its own. */
export function buildRivalClaim(claim: BuiltClaim, changes: Partial<BuiltClaim> = {}): BuiltClaim {
  return { ...claim, claimId: randomUUID(), jobId: 'job-2', ...changes };
}
