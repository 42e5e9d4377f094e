import type { Admission, CircuitSnapshot, CircuitStateName } from './circuit-state.ts';

/** What Redis answers to every request: the circuit after it, and which state the request moved it to, if it did. */
export interface SharedAnswer {
  readonly snapshot: CircuitSnapshot;
  readonly movedTo?: CircuitStateName;
}

/** The same as the scripts write it, in JSON. */
export interface RawAnswer {
  readonly movedTo: CircuitStateName | null;
  readonly admission: 'call' | 'probe' | 'refused' | null;
  readonly generation: number;
  readonly state: CircuitStateName;
  readonly failures: number;
  readonly openedAt: number;
  readonly retryAfterMs: number;
  readonly forcedBecause: string | null;
  readonly failureThreshold: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly lastFailure: string | null;
  readonly lastFailureAt: number;
}

export function answerOf(raw: RawAnswer): SharedAnswer {
  const { generation, failureThreshold, windowMs, openMs, lastFailure, lastFailureAt, movedTo } = raw;
  return {
    snapshot: {
      generation,
      state: stateOf(raw),
      rules: { failureThreshold, windowMs, openMs },
      ...(lastFailure === null ? {} : { lastFailure: { code: lastFailure, at: new Date(lastFailureAt) } }),
    },
    ...(movedTo === null ? {} : { movedTo }),
  };
}

function stateOf(raw: RawAnswer): CircuitSnapshot['state'] {
  const { retryAfterMs, forcedBecause } = raw;
  switch (raw.state) {
    case 'closed':
      return { name: 'closed', failuresInWindow: raw.failures };
    case 'half_open':
      return { name: 'half_open', retryAfterMs };
    case 'open':
      return {
        name: 'open',
        openedAt: new Date(raw.openedAt),
        retryAfterMs,
        ...(forcedBecause === null ? {} : { forcedBecause }),
      };
    default:
      return raw.state satisfies never;
  }
}

export function admissionOf(raw: RawAnswer, owner: string): Admission {
  const { admission, generation, retryAfterMs } = raw;
  if (admission === 'refused' || admission === null) return { isAdmitted: false, retryAfterMs };
  return { isAdmitted: true, generation, ...(admission === 'probe' ? { probe: owner } : {}) };
}
