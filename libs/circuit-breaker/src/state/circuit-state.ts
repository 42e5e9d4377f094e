/** The state of a circuit. Only the fields a state has can be read from it. */
export type CircuitState =
  | { readonly name: 'closed'; readonly failuresInWindow: number }
  | {
      readonly name: 'open';
      readonly openedAt: Date;
      /** Until a probe may be made; 0 when the next call is one. */
      readonly retryAfterMs: number;
      /** Set when a person opened it: then it stays open until a person closes it. */
      readonly forcedBecause?: string;
    }
  | {
      readonly name: 'half_open';
      /** Until the probe under way is given up and another call may probe; usually it ends long before. */
      readonly retryAfterMs: number;
    };

export type CircuitStateName = CircuitState['name'];

export const CIRCUIT_STATES = ['closed', 'open', 'half_open'] as const satisfies readonly CircuitStateName[];

/** What is known of a circuit at one moment. */
export interface CircuitSnapshot {
  /** Rises with every change of state. A result that began under another generation changes nothing. */
  readonly generation: number;
  readonly state: CircuitState;
  /** The numbers in force for the whole fleet, changed ones included. */
  readonly rules: CircuitRules;
  /** The newest failure that counted: its error code, never its message. */
  readonly lastFailure?: { readonly code: string; readonly at: Date };
}

/** The numbers every process must agree on. */
export interface CircuitRules {
  readonly failureThreshold: number;
  readonly windowMs: number;
  readonly openMs: number;
}

/** Whether a call may be made. What it comes to is reported with the same admission. */
export type Admission =
  | {
      readonly isAdmitted: true;
      readonly generation: number;
      /** Set for the one call that tries whether the service is back. */
      readonly probe?: string;
    }
  | { readonly isAdmitted: false; readonly retryAfterMs: number };

/** `abandoned`: the caller lost interest, so the call says nothing about the service. */
export type CallResult = 'success' | 'failure' | 'abandoned';
