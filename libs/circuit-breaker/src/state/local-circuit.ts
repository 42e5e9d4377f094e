import type {
  Admission,
  CallResult,
  CircuitRules,
  CircuitSnapshot,
  CircuitStateName,
} from './circuit-state.ts';
import { FailureWindow } from './failure-window.ts';
import type { OpeningRule } from './failure-window.ts';

type LocalState =
  | { readonly name: 'closed' }
  | { readonly name: 'open'; readonly untilMs: number }
  | { readonly name: 'half_open'; readonly probe: string; readonly untilMs: number };

/**
 * A process that has lost Redis begins by refusing for at least this long what was refused before: a mere hiccup then ends before
 * a second probe is made beside the fleet's one.
 */
const LEAST_REFUSAL_MS = 1_000;

/**
 * The circuit of one process while it cannot reach Redis, by the same rules. It begins where the shared one was last seen and
 * keeps its failures for the shared one.
 */
export class LocalCircuit {
  private readonly rules: CircuitRules;
  private readonly now: () => number;
  private readonly window: OpeningRule;
  private state: LocalState;
  private generation = 0;

  constructor(rules: CircuitRules, seen: CircuitSnapshot | undefined, now: () => number) {
    this.rules = rules;
    this.now = now;
    this.window = new FailureWindow(rules.failureThreshold, rules.windowMs);
    this.state = this.continuing(seen);
  }

  get stateName(): CircuitStateName {
    return this.state.name;
  }

  acquire(owner: string, leaseMs: number): Admission {
    const { state } = this;
    if (state.name === 'closed') return { isAdmitted: true, generation: this.generation };
    const retryAfterMs = state.untilMs - this.now();
    if (retryAfterMs > 0)
      return { isAdmitted: false, retryAfterMs: Math.min(retryAfterMs, this.longestMs(leaseMs)) };
    this.enter({ name: 'half_open', probe: owner, untilMs: this.now() + leaseMs });
    return { isAdmitted: true, generation: this.generation, probe: owner };
  }

  /** Takes in what a call came to. Late results change nothing. */
  report(admission: Extract<Admission, { isAdmitted: true }>, result: CallResult): void {
    if (admission.generation !== this.generation) return;
    if (this.state.name === 'half_open' && this.state.probe === admission.probe) this.probed(result);
    else if (this.state.name === 'closed' && result === 'failure') this.failed();
  }

  /** A failure of a call that began while Redis was there. */
  failed(): void {
    const isTooMany = this.window.failed(this.now());
    if (this.state.name === 'closed' && isTooMany) this.open();
  }

  /** Ages of the failures the shared circuit has not heard of, in milliseconds. */
  failuresAgesMs(): number[] {
    return this.window.agesMs(this.now());
  }

  private probed(result: CallResult): void {
    if (result === 'failure') {
      this.window.failed(this.now());
      this.open();
    } else if (result === 'success') {
      this.window.clear();
      this.enter({ name: 'closed' });
    } else if (this.state.name === 'half_open') {
      this.state = { ...this.state, untilMs: this.now() };
    }
  }

  private open(): void {
    this.enter({ name: 'open', untilMs: this.now() + this.rules.openMs });
  }

  private enter(state: LocalState): void {
    this.generation += 1;
    this.state = state;
  }

  private continuing(seen: CircuitSnapshot | undefined): LocalState {
    if (seen === undefined || seen.state.name === 'closed') return { name: 'closed' };
    const { state } = seen;
    if (state.name === 'open' && state.forcedBecause !== undefined)
      return { name: 'open', untilMs: Infinity };
    return { name: 'open', untilMs: this.now() + Math.max(state.retryAfterMs, LEAST_REFUSAL_MS) };
  }

  /** Nobody should be told to come back never. */
  private longestMs(leaseMs: number): number {
    return Math.max(this.rules.openMs, leaseMs);
  }
}
