import { randomUUID } from 'node:crypto';
import type {
  Admission,
  CallResult,
  CircuitRules,
  CircuitSnapshot,
  CircuitStateName,
} from './state/circuit-state.ts';
import { LocalCircuit } from './state/local-circuit.ts';
import type { SharedAnswer } from './state/shared-answer.ts';
import type { SharedCircuits } from './state/shared-circuits.ts';

/** What others want to know of a circuit. */
export interface CircuitObserver {
  /** This process has changed the state. */
  moved(service: string, to: CircuitStateName, snapshot: CircuitSnapshot | undefined): void;
  /** This process sees a state, or a generation, it has not seen before, whoever made it. */
  seen(service: string, snapshot: CircuitSnapshot): void;
  /** Redis did not answer; until it does the process goes by what it sees itself. */
  cutOff(service: string, error: unknown): void;
}

/** A permission to call. `local` when the process gave it to itself. */
export type CallPermit = Extract<Admission, { isAdmitted: true }> & { readonly local?: LocalCircuit };

/** How long "closed" is believed without asking: the longest that calls go on after another process has opened the circuit. */
const TRUST_CLOSED_MS = 250;

/** How long a refusal is repeated without asking. Changes are announced, so this only mends a lost announcement. */
const TRUST_REFUSAL_MS = 5_000;

/** Between two attempts to reach Redis again. */
const COME_BACK_EVERY_MS = 500;

/**
 * One service's circuit as one process sees it. Redis decides; this remembers its last answer, so that calls through a closed
 * circuit and refusals by an open one cost no round trip, and stands in for it while it is away. No method rejects.
 */
export class Circuit {
  readonly service: string;
  private readonly rules: CircuitRules;
  private readonly shared: SharedCircuits;
  private readonly observer: CircuitObserver;
  private known: { readonly snapshot: CircuitSnapshot; readonly atMs: number } | undefined;
  private asking: Promise<unknown> | undefined;
  private local: LocalCircuit | undefined;
  private unreportedCode = '';
  private comingBack: NodeJS.Timeout | undefined;
  private returning: Promise<void> | undefined;
  private isStopped = false;

  constructor(service: string, rules: CircuitRules, shared: SharedCircuits, observer: CircuitObserver) {
    this.service = service;
    this.rules = rules;
    this.shared = shared;
    this.observer = observer;
  }

  /** The last known state; undefined before the first answer of Redis. */
  get stateName(): CircuitStateName | undefined {
    return this.local?.stateName ?? this.known?.snapshot.state.name;
  }

  /** How much longer calls are refused as far as this process knows, in milliseconds; undefined when it would have to ask. */
  get refusedForMs(): number | undefined {
    if (this.local !== undefined || this.known === undefined) return undefined;
    const { state } = this.known.snapshot;
    const age = performance.now() - this.known.atMs;
    if (state.name === 'closed' || age > TRUST_REFUSAL_MS) return undefined;
    if (state.name === 'open' && state.forcedBecause !== undefined) return state.retryAfterMs;
    return state.retryAfterMs > age ? state.retryAfterMs - age : undefined;
  }

  /** Asks for a call; `leaseMs` is how long it may take to report if it turns out to be the probe. */
  async admit(leaseMs: number): Promise<CallPermit | Extract<Admission, { isAdmitted: false }>> {
    for (;;) {
      if (this.local !== undefined) return this.admitLocally(this.local, leaseMs);
      const retryAfterMs = this.refusedForMs;
      if (retryAfterMs !== undefined) return { isAdmitted: false, retryAfterMs };
      const generation = this.freshlyClosedGeneration();
      if (generation !== undefined) return { isAdmitted: true, generation };
      // One question answers all who wait: at most one of them can be the probe.
      if (this.asking === undefined) return this.ask(leaseMs);
      await this.asking;
    }
  }

  /** Tells what an admitted call came to. Nothing needs telling of a success while the circuit is closed. */
  async report(permit: CallPermit, result: CallResult, code = ''): Promise<void> {
    if (result === 'failure') this.unreportedCode = code;
    if (permit.local !== undefined) {
      // What a process decided while cut off stays its own; its failures come along when it is back.
      if (permit.local === this.local)
        this.changeLocally(this.local, (local) => local.report(permit, result));
      return;
    }
    if (result !== 'failure' && permit.probe === undefined) return;
    const { generation, probe } = permit;
    try {
      const report = { generation, result, code, ...(probe === undefined ? {} : { probe }) };
      this.learn(await this.shared.report(this.service, this.rules, report));
    } catch (error) {
      const local = this.goLocal(error);
      if (result === 'failure') this.changeLocally(local, () => local.failed());
    }
  }

  /** Looks at Redis again, for instance because a change was announced; if it is away, as soon as it is back. */
  async refresh(): Promise<void> {
    if (this.local !== undefined) return this.comeBack();
    try {
      this.learn(await this.shared.read(this.service, this.rules));
    } catch (error) {
      this.goLocal(error);
    }
  }

  /** Takes in what Redis answered to somebody else's request, which also shows that it is there. */
  async takeIn(answer: SharedAnswer): Promise<void> {
    if (this.local === undefined) return this.learn(answer);
    // Looks itself, later than that answer; what the request did still happened.
    await this.comeBack();
    if (answer.movedTo !== undefined) this.observer.moved(this.service, answer.movedTo, answer.snapshot);
  }

  /** Tries no more to reach Redis again. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.comingBack);
  }

  private learn({ snapshot, movedTo }: SharedAnswer): void {
    const before = this.known?.snapshot;
    this.known = { snapshot, atMs: performance.now() };
    if (movedTo !== undefined) this.observer.moved(this.service, movedTo, snapshot);
    if (before?.generation !== snapshot.generation || before.state.name !== snapshot.state.name) {
      this.observer.seen(this.service, snapshot);
    }
  }

  private freshlyClosedGeneration(): number | undefined {
    if (this.known === undefined || performance.now() - this.known.atMs > TRUST_CLOSED_MS) return undefined;
    const { state, generation } = this.known.snapshot;
    return state.name === 'closed' ? generation : undefined;
  }

  private async ask(leaseMs: number): Promise<CallPermit | Extract<Admission, { isAdmitted: false }>> {
    const asked = this.shared.acquire(this.service, this.rules, randomUUID(), leaseMs);
    const answered = asked.then(
      (answer) => this.learn(answer),
      (error: unknown) => this.goLocal(error),
    );
    this.asking = answered;
    await answered;
    this.asking = undefined;
    if (this.local !== undefined) return this.admitLocally(this.local, leaseMs);
    return (await asked).admission;
  }

  private admitLocally(
    local: LocalCircuit,
    leaseMs: number,
  ): CallPermit | Extract<Admission, { isAdmitted: false }> {
    const admission = this.changeLocally(local, () => local.acquire(randomUUID(), leaseMs));
    return admission.isAdmitted ? { ...admission, local } : admission;
  }

  private changeLocally<T>(local: LocalCircuit, change: (local: LocalCircuit) => T): T {
    const before = local.stateName;
    const outcome = change(local);
    if (local.stateName !== before) this.observer.moved(this.service, local.stateName, undefined);
    return outcome;
  }

  private goLocal(error: unknown): LocalCircuit {
    this.observer.cutOff(this.service, error);
    if (this.local === undefined) {
      this.local = new LocalCircuit(this.known?.snapshot.rules ?? this.rules, this.seenNow(), () =>
        performance.now(),
      );
      this.comeBackLater();
    }
    return this.local;
  }

  private seenNow(): CircuitSnapshot | undefined {
    if (this.known === undefined) return undefined;
    const { snapshot, atMs } = this.known;
    const { state } = snapshot;
    if (state.name === 'closed') return snapshot;
    const retryAfterMs = Math.max(0, state.retryAfterMs - (performance.now() - atMs));
    return { ...snapshot, state: { ...state, retryAfterMs } };
  }

  private comeBackLater(): void {
    if (this.isStopped) return;
    this.comingBack = setTimeout(() => void this.comeBack(), COME_BACK_EVERY_MS).unref();
  }

  private comeBack(): Promise<void> {
    this.returning ??= this.handBack().finally(() => {
      this.returning = undefined;
    });
    return this.returning;
  }

  /** The shared circuit takes over again, and hears of the failures it has missed. */
  private async handBack(): Promise<void> {
    clearTimeout(this.comingBack);
    try {
      const answer = await this.shared.read(this.service, this.rules);
      const agesMs = this.local?.failuresAgesMs() ?? [];
      const { generation } = answer.snapshot;
      const report = { generation, result: 'failure', code: this.unreportedCode, agesMs } as const;
      const merged = agesMs.length > 0 ? await this.shared.report(this.service, this.rules, report) : answer;
      this.local = undefined;
      this.learn(merged);
    } catch {
      // Already told when it went away.
      this.comeBackLater();
    }
  }
}
