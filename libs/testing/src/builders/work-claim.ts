import { randomUUID } from 'node:crypto';

const CLAIM = {
  key: '',
  taskName: 'spec',
  scope: 'global',
  jobId: 'job-1',
  fence: 1,
  claimId: '',
  leaseMs: 60_000,
  ttlMs: 60_000,
};

/** A claim on a piece of work, as `ClaimStore` of `@bus/task-base` takes it. */
export type BuiltClaim = Readonly<typeof CLAIM>;

/** A claim on work nobody has claimed before, with the changes given. */
export function buildClaim(changes: Partial<BuiltClaim> = {}): BuiltClaim {
  return { ...CLAIM, key: randomUUID(), claimId: randomUUID(), ...changes };
}

/** Another run's claim on the same work, by default in a job of its own. */
export function buildRivalClaim(claim: BuiltClaim, changes: Partial<BuiltClaim> = {}): BuiltClaim {
  return { ...claim, claimId: randomUUID(), jobId: 'job-2', ...changes };
}
