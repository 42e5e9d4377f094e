import { Inject, Injectable } from '@nestjs/common';
import { POSTGRES_POOL } from '@bus/platform';
import type { Pool } from 'pg';
import { storableJson, storableText } from '../storable-values.ts';

/** One run's claim on one piece of work, as `@bus/task-base` makes it. */
export interface WorkClaim {
  readonly key: string;
  readonly taskName: string;
  readonly scope: string;
  readonly jobId: string;
  readonly fence: number;
  readonly claimId: string;
  readonly leaseMs: number;
  readonly ttlMs: number;
}

export type ClaimAnswer =
  | { readonly state: 'claimed' }
  | { readonly state: 'running' }
  | { readonly state: 'done'; readonly result: unknown; readonly expiresInMs: number };

export type StepAnswer = 'begun' | 'done' | 'in_doubt' | 'superseded';

/**
 * What durable tasks have done and are doing. Satisfies `IdempotencyStore` of `@bus/task-base`. Every method is one statement,
 * by the clock of the database.
 */
@Injectable()
export class IdempotencyQueries {
  constructor(@Inject(POSTGRES_POOL) private readonly pool: Pool) {}

  /**
   * Claims the work when nobody has it: it was never done, its outcome has expired, it failed, its lease has run out, or an
   * earlier start of the same job has it.
   */
  async claim(claim: WorkClaim): Promise<ClaimAnswer> {
    const { rowCount } = await this.pool.query(
      `insert into idempotency_records as r
         (key, task_name, scope, state, claim_id, job_id, fence, lease_until, expires_at)
       values ($1, $2, $3, 'running', $4, $5, $6,
               now() + $7 * interval '1 ms', now() + greatest($7, $8) * interval '1 ms')
       on conflict (key) do update set
         state = 'running', claim_id = excluded.claim_id, job_id = excluded.job_id, fence = excluded.fence,
         lease_until = excluded.lease_until, expires_at = excluded.expires_at, claimed_at = now(),
         result = null, finished_at = null,
         steps = case when r.expires_at <= now() then '{}' else r.steps end
       where r.expires_at <= now() or r.state = 'failed' or (r.state = 'running' and (
         r.lease_until <= now() or r.claim_id = excluded.claim_id
         or (r.job_id = excluded.job_id and r.fence < excluded.fence)))`,
      [
        claim.key,
        claim.taskName,
        claim.scope,
        claim.claimId,
        storableText(claim.jobId),
        claim.fence,
        claim.leaseMs,
        claim.ttlMs,
      ],
    );
    return rowCount === 1 ? { state: 'claimed' } : this.outcomeOf(claim.key);
  }

  async renew(claim: WorkClaim): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `update idempotency_records set lease_until = now() + $3 * interval '1 ms',
         expires_at = now() + greatest($3, $4) * interval '1 ms'
       where key = $1 and claim_id = $2 and state = 'running'`,
      [claim.key, claim.claimId, claim.leaseMs, claim.ttlMs],
    );
    return rowCount === 1;
  }

  /** False when the claim is no longer the current one. The same claim may commit again. */
  async commit(claim: WorkClaim, result: unknown): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `update idempotency_records set state = 'done', result = $3, finished_at = now(), steps = '{}',
         expires_at = now() + $4 * interval '1 ms'
       where key = $1 and claim_id = $2 and state in ('running', 'done')`,
      [claim.key, claim.claimId, storableJson(result), claim.ttlMs],
    );
    return rowCount === 1;
  }

  async release(claim: WorkClaim): Promise<void> {
    await this.pool.query(
      `update idempotency_records set state = 'failed' where key = $1 and claim_id = $2 and state = 'running'`,
      [claim.key, claim.claimId],
    );
  }

  async beginStep(claim: WorkClaim, step: string): Promise<StepAnswer> {
    const { rowCount } = await this.pool.query(
      `update idempotency_records set steps = steps || jsonb_build_object($3::text, $2::text)
       where key = $1 and claim_id = $2::uuid and state = 'running'
         and (not steps ? $3::text or steps ->> $3::text = $2::text)`,
      [claim.key, claim.claimId, step],
    );
    if (rowCount === 1) return 'begun';
    const { rows } = await this.pool.query<{ step: string | null }>(
      `select steps ->> $3::text as step from idempotency_records
       where key = $1 and claim_id = $2 and state = 'running'`,
      [claim.key, claim.claimId, step],
    );
    const [row] = rows;
    if (row === undefined) return 'superseded';
    return row.step === 'done' ? 'done' : 'in_doubt';
  }

  /** Tells how a step ended that this claim began, whoever has the work by now. */
  async endStep(claim: WorkClaim, step: string, hasHappened: boolean): Promise<void> {
    await this.pool.query(
      `update idempotency_records set steps =
         case when $4 then steps || jsonb_build_object($3::text, 'done') else steps - $3::text end
       where key = $1 and steps ->> $3::text = $2`,
      [claim.key, claim.claimId, step, hasHappened],
    );
  }

  /**
   * Forgets at most `limit` expired records; returns how many. Unfinished ones are kept for another day, so that a run that was
   * frozen for long finds out that it lost its claim.
   */
  async purgeExpired(limit: number): Promise<number> {
    const { rowCount } = await this.pool.query(
      `delete from idempotency_records where key in (
         select key from idempotency_records
         where expires_at <= now() and (state = 'done' or expires_at <= now() - interval '1 day')
         order by expires_at limit $1 for update skip locked)`,
      [limit],
    );
    return rowCount ?? 0;
  }

  /** Of work that could not be claimed. */
  private async outcomeOf(key: string): Promise<ClaimAnswer> {
    const { rows } = await this.pool.query<{ result: unknown; expires_in_ms: string }>(
      `select result, ceil(extract(epoch from expires_at - now()) * 1000) as expires_in_ms
       from idempotency_records where key = $1 and state = 'done' and expires_at > now()`,
      [key],
    );
    const [row] = rows;
    // Neither ours nor done: somebody is at it, or it has expired this very moment. Either way, look again later.
    if (row === undefined) return { state: 'running' };
    return { state: 'done', result: row.result, expiresInMs: Number(row.expires_in_ms) };
  }
}
