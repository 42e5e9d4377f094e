import type { ClaimStore, WorkClaim } from './claim-store.ts';

/** A lost renewal or two must not cost the claim. */
const RENEWALS_PER_LEASE = 3;

/**
 * Renews a claim until the returned function is called. `onLost` is called once, when another run has the work. A store that
 * does not answer is asked again at the next turn; the lease runs on meanwhile.
 */
export function holdLease(store: ClaimStore, claim: WorkClaim, onLost: () => void): () => void {
  const timer = setInterval(() => {
    store.renew(claim).then(
      (isHeld) => {
        if (isHeld) return;
        clearInterval(timer);
        onLost();
      },
      () => undefined,
    );
  }, claim.leaseMs / RENEWALS_PER_LEASE);
  return () => clearInterval(timer);
}
