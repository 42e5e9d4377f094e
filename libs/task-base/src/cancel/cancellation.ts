/** What was asked for, and came of, the last cancel of one job. */
export interface Cancellation {
  /**
   * 'requested': its run has been told, or is to be found first. 'cancelled': it will not run, or not go on.
   * 'too_late': its run ended by itself first.
   */
  readonly outcome: 'requested' | 'cancelled' | 'too_late';
  /** Who asked, as the caller named it. */
  readonly by: string | null;
  readonly reason: string | null;
  readonly requestedAt: Date;
  /** When the outcome was known; null while it is 'requested'. */
  readonly settledAt: Date | null;
  /** What the job was doing when it was asked for. */
  readonly was: 'waiting' | 'delayed' | 'running';
  /**
   * Time of the request the cancel was aimed at, as its job carries it. The same id enqueued again later is another request, and
   * not cancelled.
   */
  readonly requestTime: string;
}

/** The stored form, written by the scripts of this folder. */
interface StoredCancellation {
  outcome: Cancellation['outcome'];
  by?: string;
  reason?: string;
  requested_at: number;
  settled_at?: number;
  was: Cancellation['was'];
  request_time: string;
}

const OUTCOMES: readonly unknown[] = ['requested', 'cancelled', 'too_late'];

/** Reads a stored cancellation, whatever lies there; undefined when it is none. */
export function parseCancellation(stored: string | null | undefined): Cancellation | undefined {
  if (stored === null || stored === undefined || stored === '') return undefined;
  let parsed: Partial<StoredCancellation> | null;
  try {
    parsed = JSON.parse(stored) as Partial<StoredCancellation> | null;
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || !OUTCOMES.includes(parsed.outcome)) return undefined;
  return {
    outcome: parsed.outcome as Cancellation['outcome'],
    by: typeof parsed.by === 'string' ? parsed.by : null,
    reason: typeof parsed.reason === 'string' ? parsed.reason : null,
    requestedAt: new Date(Number(parsed.requested_at)),
    settledAt: parsed.settled_at === undefined ? null : new Date(parsed.settled_at),
    was: parsed.was === 'running' || parsed.was === 'delayed' ? parsed.was : 'waiting',
    requestTime: String(parsed.request_time),
  };
}

/**
 * Whether a run of this request must end because of the cancellation. 'cancelled' counts as well: its worker may have died between
 * saying so and taking the job out of the queue.
 */
export function concernsRun(
  cancellation: Cancellation | undefined,
  requestTime: number,
): cancellation is Cancellation {
  return (
    cancellation !== undefined &&
    cancellation.was === 'running' &&
    cancellation.outcome !== 'too_late' &&
    cancellation.requestTime === String(requestTime)
  );
}
