/** One run's claim on one piece of work. */
export interface WorkClaim {
  /** Names the work, see `idempotencyKeyOf`. */
  readonly key: string;
  readonly taskName: string;
  readonly scope: string;
  /** The job, told apart from an earlier one under the same id. */
  readonly jobId: string;
  /** Starts of the job so far: of two runs of one job the one that started later has the higher fence. */
  readonly fence: number;
  /** Unique to the run: whoever claims after it, only this run can commit under this claim. */
  readonly claimId: string;
  /** How long the claim holds unless it is renewed, in milliseconds. */
  readonly leaseMs: number;
  /** How long the outcome stands, in milliseconds. */
  readonly ttlMs: number;
}

/**
 * - `claimed`: the work is this run's to do.
 * - `running`: another run is at it.
 * - `done`: it has been done; this is its outcome.
 */
export type ClaimAnswer =
  | { readonly state: 'claimed' }
  | { readonly state: 'running' }
  | { readonly state: 'done'; readonly result: unknown; readonly expiresInMs: number };

/**
 * - `begun`: the step is this run's to do.
 * - `done`: it has happened.
 * - `in_doubt`: an earlier run began it and never told how it ended.
 * - `superseded`: another run has taken the work over.
 */
export type StepAnswer = 'begun' | 'done' | 'in_doubt' | 'superseded';

/**
 * Who does a piece of work, and what came of it. Every method is one atomic step by the clock of the store, and safe to send
 * again when its answer was lost.
 */
export interface ClaimStore {
  /**
   * Claims the work when nobody has it: never done, done too long ago, failed, its lease run out, or claimed by an earlier
   * start of the same job, which a later start takes over from at once.
   */
  claim(claim: WorkClaim): Promise<ClaimAnswer>;
  /** Extends the lease. False when the claim is no longer the current one. */
  renew(claim: WorkClaim): Promise<boolean>;
  /** Makes the result the outcome. False, and no effect, when the claim is no longer the current one. */
  commit(claim: WorkClaim, result: unknown): Promise<boolean>;
  /** Lets others claim the work, because the run failed. No effect when the claim is no longer the current one. */
  release(claim: WorkClaim): Promise<void>;
  beginStep(claim: WorkClaim, step: string): Promise<StepAnswer>;
  /** Tells how a step ended that this claim began. Also what a superseded run has done, has happened. */
  endStep(claim: WorkClaim, step: string, hasHappened: boolean): Promise<void>;
}

/** A claim store that outlives Redis. */
export interface IdempotencyStore extends ClaimStore {
  /** Forgets at most `limit` records whose time is over; returns how many. Expired ones are harmless until then. */
  purgeExpired(limit: number): Promise<number>;
}

/** Injection token of the `IdempotencyStore`. */
export const IDEMPOTENCY_STORE = Symbol('IDEMPOTENCY_STORE');
