import assert from 'node:assert/strict';
import { buildClaim, buildRivalClaim, type BuiltClaim } from '../builders/work-claim.ts';
import { waitFor } from '../time/wait-for.ts';

/** The part of a claim store that the contract is about. */
export interface ClaimStoreUnderTest {
  claim(claim: BuiltClaim): Promise<{ readonly state: string; readonly result?: unknown }>;
  renew(claim: BuiltClaim): Promise<boolean>;
  commit(claim: BuiltClaim, result: unknown): Promise<boolean>;
  release(claim: BuiltClaim): Promise<void>;
  beginStep(claim: BuiltClaim, step: string): Promise<string>;
  endStep(claim: BuiltClaim, step: string, hasHappened: boolean): Promise<void>;
}

/** One thing every claim store promises; `check` rejects when it is not so. Each works on a piece of work of its own. */
export interface ClaimStorePromise {
  readonly promise: string;
  readonly check: (store: ClaimStoreUnderTest) => Promise<void>;
}

/** What every claim store promises, whatever it is made of: each promise is an `it` in the spec of each store. */
export const CLAIM_STORE_CONTRACT: readonly ClaimStorePromise[] = [
  {
    promise: 'answers with the outcome while it stands, also with one of nothing',
    check: async (store) => {
      for (const result of [{ sum: 1e308, text: 'é', list: [null, false] }, null]) {
        const claim = buildClaim();
        await store.claim(claim);
        assert.equal(await store.commit(claim, result), true);
        const answer = await store.claim(buildRivalClaim(claim));
        assert.equal(answer.state, 'done');
        assert.deepEqual(answer.result, result);
      }
    },
  },
  {
    promise: 'forgets an outcome whose time is over, and its steps with it',
    check: async (store) => {
      const claim = buildClaim({ ttlMs: 30, leaseMs: 10 });
      await store.claim(claim);
      await store.commit(claim, 'first');
      const later = buildRivalClaim(claim);
      await waitFor(async () => (await store.claim(later)).state === 'claimed');
      assert.equal(await store.beginStep(later, 'send'), 'begun');
    },
  },
  {
    promise: 'lets a later start of the same job take over, and refuses everything of the earlier one',
    check: async (store) => {
      const claim = buildClaim();
      await store.claim(claim);
      const later = buildRivalClaim(claim, { jobId: claim.jobId, fence: 2 });
      assert.deepEqual(await store.claim(later), { state: 'claimed' });
      assert.equal(await store.renew(claim), false);
      assert.equal(await store.beginStep(claim, 'send'), 'superseded');
      assert.equal(await store.commit(claim, 'stale'), false);
      await store.release(claim);
      assert.deepEqual(await store.claim(buildRivalClaim(claim)), { state: 'running' });
      const earlier = buildRivalClaim(claim, { jobId: claim.jobId, fence: 1 });
      assert.deepEqual(await store.claim(earlier), { state: 'running' });
      assert.equal(await store.commit(later, 'fresh'), true);
      assert.equal(await store.commit(claim, 'stale'), false);
      assert.equal((await store.claim(buildRivalClaim(claim))).result, 'fresh');
    },
  },
  {
    promise: 'gives the work of a vanished run to others once its lease has run out, not while it renews',
    check: async (store) => {
      const claim = buildClaim({ leaseMs: 2_000 });
      await store.claim(claim);
      assert.equal(await store.renew({ ...claim, leaseMs: 60_000 }), true);
      assert.deepEqual(await store.claim(buildRivalClaim(claim)), { state: 'running' });
      await store.renew({ ...claim, leaseMs: 1 });
      await waitFor(async () => (await store.claim(buildRivalClaim(claim))).state === 'claimed');
      assert.equal(await store.commit(claim, 'late'), false);
    },
  },
  {
    promise: 'lets others claim what failed, and may be asked the same twice',
    check: async (store) => {
      const claim = buildClaim();
      assert.deepEqual(await store.claim(claim), { state: 'claimed' });
      assert.deepEqual(await store.claim(claim), { state: 'claimed' });
      await store.release(claim);
      await store.release(claim);
      const next = buildRivalClaim(claim);
      assert.deepEqual(await store.claim(next), { state: 'claimed' });
      assert.deepEqual([await store.commit(next, 1), await store.commit(next, 1)], [true, true]);
    },
  },
  {
    promise: 'remembers each step over the attempts',
    check: async (store) => {
      const claim = buildClaim();
      await store.claim(claim);
      assert.equal(await store.beginStep(claim, 'charge'), 'begun');
      assert.equal(await store.beginStep(claim, 'charge'), 'begun');
      await store.endStep(claim, 'charge', true);
      assert.equal(await store.beginStep(claim, 'mail'), 'begun');
      await store.endStep(claim, 'mail', false);
      assert.equal(await store.beginStep(claim, 'print'), 'begun');
      await store.release(claim);

      const retry = buildRivalClaim(claim, { jobId: claim.jobId, fence: 2 });
      await store.claim(retry);
      assert.equal(await store.beginStep(retry, 'charge'), 'done');
      assert.equal(await store.beginStep(retry, 'mail'), 'begun');
      assert.equal(await store.beginStep(retry, 'print'), 'in_doubt');
      await store.endStep(claim, 'print', true);
      assert.equal(await store.beginStep(retry, 'print'), 'done');
    },
  },
];
