import { LateSignal } from './late-signal.ts';
import type { Cancellation } from '../cancel/cancellation.ts';
import {
  TaskCancelledError,
  TaskOwnershipLostError,
  TaskOwnershipUnconfirmedError,
} from '../task-base.errors.ts';

/** How long a cancelled run may take to clean up before it is given up. */
export const CANCEL_GRACE_MS = 5_000;

/** What Redis says of the run and its job at this moment. */
export interface Ownership {
  readonly isOwner: boolean;
  /** Set when the job was cancelled while it ran. */
  readonly cancellation: Cancellation | undefined;
}

/**
 * The two ways of ending a run from outside. *Asking* aborts its signal: it may clean up, and its outcome counts. *Revoking* takes
 * its job away: nothing it does from then on counts, and a child process is killed.
 */
export class RunControl {
  readonly taskName: string;
  private readonly asked = new LateSignal();
  private readonly taken = new LateSignal();
  private readonly readOwnership: () => Promise<Ownership>;
  private cancelledBy: TaskCancelledError | undefined;
  private cancelTimer: NodeJS.Timeout | undefined;
  private hasEnded = false;

  /** `readOwnership` asks Redis whether the job is still this run's. */
  constructor(taskName: string, readOwnership: () => Promise<Ownership>) {
    this.taskName = taskName;
    this.readOwnership = readOwnership;
  }

  get signal(): AbortSignal {
    return this.asked.signal;
  }

  get revoked(): AbortSignal {
    return this.taken.signal;
  }

  /** Why the run was revoked; undefined as long as it is in force. */
  get revokedFor(): Error | undefined {
    return this.taken.reason;
  }

  /** Calls `listener`, the only one there is, when the run is revoked; not for one that is revoked already. */
  onRevoked(listener: () => void): void {
    this.taken.onAbort(listener);
  }

  get cancelled(): TaskCancelledError | undefined {
    return this.cancelledBy;
  }

  /** The job has passed to somebody else, or is on its way: this run must not say how it ended. */
  get isDisowned(): boolean {
    return this.taken.reason instanceof TaskOwnershipLostError;
  }

  /** Of several reasons the signal carries the first. */
  ask(reason: Error): void {
    this.asked.abort(reason);
  }

  revoke(reason: Error): void {
    this.asked.abort(reason);
    this.taken.abort(reason);
  }

  /** Asks, and revokes when the run has not ended after the grace. */
  cancel(reason: TaskCancelledError, graceMs = CANCEL_GRACE_MS): void {
    if (this.cancelledBy !== undefined || this.hasEnded) return;
    this.cancelledBy = reason;
    this.ask(reason);
    this.cancelTimer = setTimeout(() => this.revoke(reason), graceMs);
  }

  /** To be called when the run has ended; a handler that goes on in the background finds itself refused. */
  end(): void {
    this.hasEnded = true;
    clearTimeout(this.cancelTimer);
  }

  /** See `TaskContext.confirmOwnership`. */
  async confirmOwnership(): Promise<void> {
    this.refuseUnlessInForce();
    const { isOwner, cancellation } = await this.readOwnership().catch((error: unknown) => {
      throw new TaskOwnershipUnconfirmedError(this.taskName, error);
    });
    if (cancellation !== undefined) this.cancel(new TaskCancelledError(this.taskName, cancellation.reason));
    this.refuseUnlessInForce();
    if (isOwner) return;
    const lost = new TaskOwnershipLostError(this.taskName, 'its lock has expired or is held by another run');
    this.revoke(lost);
    throw lost;
  }

  private refuseUnlessInForce(): void {
    const reason = this.taken.reason ?? this.cancelledBy;
    if (reason instanceof TaskOwnershipLostError) throw reason;
    if (reason !== undefined) {
      throw new TaskOwnershipLostError(this.taskName, reason.message, { cause: reason });
    }
    if (this.hasEnded) throw new TaskOwnershipLostError(this.taskName, 'it has ended');
  }
}
