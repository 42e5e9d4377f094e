import { readFailure } from '../chain/failure-reason.ts';
import type { Cancellation } from './cancellation.ts';
import { parseCancellation } from './cancellation.ts';

/** What has become of a job by now. Kept for as long as its queue keeps finished jobs. */
export type TaskOutcome =
  | { readonly state: 'waiting' | 'delayed' }
  | {
      readonly state: 'running';
      readonly progress: unknown;
      /** Its run has been asked to end and has not yet. */
      readonly isCancelRequested: boolean;
    }
  | { readonly state: 'completed'; readonly result: unknown; readonly finishedAt: Date }
  | { readonly state: 'failed'; readonly reason: string; readonly detail: string; readonly finishedAt: Date }
  | { readonly state: 'cancelled'; readonly cancellation: Cancellation }
  /** There never was such a job, or it is no longer kept. */
  | { readonly state: 'not_found' };

/** Whether nothing more will happen to the job by itself. */
export function isFinalOutcome({ state }: TaskOutcome): boolean {
  return state !== 'waiting' && state !== 'delayed' && state !== 'running';
}

/** Takes the answer of `READ_OUTCOME` apart. */
export function parseOutcome(answer: readonly string[]): TaskOutcome {
  const [state, requestTime, result = '', failure = '', finishedOn, progress = '', record] = answer;
  const cancellation = parseCancellation(record);
  switch (state) {
    case 'completed':
      return { state, result: parsedOrText(result), finishedAt: new Date(Number(finishedOn)) };
    case 'failed':
      return { state, ...readFailure(failure), finishedAt: new Date(Number(finishedOn)) };
    case 'delayed':
      return { state };
    case 'prioritized':
    case 'wait':
    case 'paused':
      return { state: 'waiting' };
    case 'active':
      return {
        state: 'running',
        progress: parsedOrText(progress),
        isCancelRequested: cancellation?.outcome === 'requested' && cancellation.requestTime === requestTime,
      };
    default:
      return cancellation?.outcome === 'cancelled'
        ? { state: 'cancelled', cancellation }
        : { state: 'not_found' };
  }
}

function parsedOrText(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
