import type { CircuitView } from '@bus/circuit-breaker';
import { ago, duration } from './words.ts';

/** What made the circuit what it is, and what comes next. */
export function circuitWhy({ state, lastFailure }: CircuitView): string {
  const failure = lastFailure === undefined ? '' : `${lastFailure.code} ${ago(lastFailure.at)} ago`;
  if (state.name === 'closed') return failure;
  if (state.name === 'half_open') return [`one call tries it`, failure].filter(Boolean).join('; ');
  if (state.forcedBecause !== undefined) {
    return `by hand ${ago(state.openedAt)} ago, until closed: ${state.forcedBecause}`;
  }
  const next =
    state.retryAfterMs > 0
      ? `one call tries it in ${duration(Math.ceil(state.retryAfterMs / 1_000))}`
      : 'the next call tries it';
  return [next, failure].filter(Boolean).join('; ');
}
