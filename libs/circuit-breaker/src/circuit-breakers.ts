import { Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { redactText } from '@bus/observability';
import type { Metrics } from '@bus/observability';
import { RepeatedWarning, redisKeys } from '@bus/platform';
import type { RedisConnection, RedisConnections } from '@bus/platform';
import { ExternalCalls } from './call/external-calls.ts';
import type { ExternalCall, ExternalCallOptions } from './call/external-call.ts';
import {
  KNOWN_SERVICES,
  assertWorkable,
  circuitDefinition,
  isServiceName,
} from './catalog/circuit-catalog.ts';
import type { CircuitOverrides } from './catalog/circuit-catalog.ts';
import { CircuitMetrics } from './circuit-metrics.ts';
import { Circuit } from './circuit.ts';
import type { CircuitObserver } from './circuit.ts';
import type { CircuitRules, CircuitSnapshot, CircuitStateName } from './state/circuit-state.ts';
import { SharedCircuits } from './state/shared-circuits.ts';
import type { CircuitCommand } from './state/shared-circuits.ts';

/** A circuit as operators see it. */
export interface CircuitView extends CircuitSnapshot {
  readonly service: string;
}

interface Service {
  readonly circuit: Circuit;
  readonly calls: ExternalCalls;
  readonly rules: CircuitRules;
}

const MAX_REASON_LENGTH = 200;

/**
 * Calls services through circuits the whole fleet shares: when a service fails too often, nobody calls it for a while, then one
 * process tries. While Redis is away each process goes by what it sees itself; a call never fails because of that.
 */
export class CircuitBreakers implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(CircuitBreakers.name);
  private readonly cutOffWarning = new RepeatedWarning(this.logger);
  private readonly services = new Map<string, Service>();
  /** Services outside the catalog that Redis has not been told of yet. */
  private readonly unremembered = new Set<string>();
  private readonly listeners = new Set<(service: string, state: CircuitStateName) => void>();
  private readonly overrides: CircuitOverrides;
  private readonly shared: SharedCircuits;
  private readonly subscriber: RedisConnection;
  private readonly metrics: CircuitMetrics;
  private readonly observer: CircuitObserver = {
    moved: (service, to, snapshot) => this.moved(service, to, snapshot),
    seen: (service, { state }) => {
      for (const listener of this.listeners) listener(service, state.name);
    },
    cutOff: (service, error) => this.cutOff(service, error),
  };

  /** Opens two connections, which `connections` closes. */
  constructor(connections: RedisConnections, metrics: Metrics, overrides: CircuitOverrides = {}) {
    this.overrides = overrides;
    this.shared = new SharedCircuits(connections.create('producer', 'circuit-breaker'));
    this.metrics = new CircuitMetrics(metrics, (service) => this.lastKnownState(service));
    this.subscriber = connections.create('subscriber', 'circuit-changes');
    this.subscriber.on('message', (_channel, service) => this.announced(service));
    this.subscriber.on('ready', () => void this.listen());
  }

  onApplicationBootstrap(): void {
    for (const service of KNOWN_SERVICES) void this.of(service).circuit.refresh();
  }

  onApplicationShutdown(): void {
    for (const { circuit } of this.services.values()) circuit.stop();
  }

  /**
   * Calls a service through its circuit, within its time limit and among at most so many at once.
   *
   * @throws CircuitOpenError when the call was not made because the circuit is open or its one probe is under way,
   * ExternalCallTimeoutError, ExternalServiceBusyError, the reason of `options.signal`, or what the call itself threw
   */
  call<T>(service: string, options: ExternalCallOptions, call: ExternalCall<T>): Promise<T> {
    return this.of(service).calls.run(options, call);
  }

  /** What Redis knows of the circuit. Rejects when Redis does not answer. */
  async state(service: string): Promise<CircuitView> {
    const { circuit, rules } = this.of(service);
    const answer = await this.shared.read(service, rules);
    await circuit.takeIn(answer);
    return { service, ...answer.snapshot };
  }

  /** The state this process last saw, without asking; undefined when it never saw one. */
  lastKnownState(service: string): CircuitStateName | undefined {
    return this.services.get(service)?.circuit.stateName;
  }

  /** All circuits of the fleet, by name. Rejects when Redis does not answer. */
  async list(): Promise<CircuitView[]> {
    const names = new Set([...KNOWN_SERVICES, ...(await this.shared.names()).filter(isServiceName)]);
    return Promise.all([...names].toSorted().map((service) => this.state(service)));
  }

  /** Opens the circuit for the whole fleet until somebody closes or resets it. `reason` is shown to others. */
  open(service: string, reason: string): Promise<CircuitView> {
    const because = redactText(reason.trim()).slice(0, MAX_REASON_LENGTH) || 'no reason given';
    return this.command(service, { name: 'open', because });
  }

  /** Closes the circuit for the whole fleet and forgets its failures. */
  close(service: string): Promise<CircuitView> {
    return this.command(service, { name: 'close' });
  }

  /** Closes the circuit and forgets everything about it, changed numbers included. */
  reset(service: string): Promise<CircuitView> {
    return this.command(service, { name: 'reset' });
  }

  /**
   * Changes the numbers of a circuit for the whole fleet, at once and until it is reset.
   *
   * @throws RangeError when a number is not a whole one above 0
   */
  async configure(service: string, changes: Partial<CircuitRules>): Promise<CircuitView> {
    assertWorkable(service, changes);
    const { rules } = await this.state(service);
    return this.command(service, { name: 'configure', ...rules, ...changes });
  }

  /** Has `listener` told each time this process learns of a new state, whoever made it. Returns how to end that. */
  onChange(listener: (service: string, state: CircuitStateName) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private moved(service: string, to: CircuitStateName, snapshot?: CircuitSnapshot): void {
    this.metrics.moved(service, to);
    const where = snapshot === undefined ? ' in this process, Redis is away' : '';
    if (to === 'closed') return this.logger.log(`circuit of ${service} closed${where}`);
    if (to === 'half_open') return this.logger.log(`circuit of ${service} tries one call${where}`);
    this.logger.warn(`circuit of ${service} opened${where}${reasonOf(snapshot)}`);
  }

  private cutOff(service: string, error: unknown): void {
    this.cutOffWarning.warn(
      `The circuit of ${service} is not shared for now: Redis does not answer.`,
      error instanceof Error ? error : new Error(String(error)),
    );
  }

  private async command(service: string, command: CircuitCommand): Promise<CircuitView> {
    const { circuit, rules } = this.of(service);
    const answer = await this.shared.command(service, rules, command);
    await circuit.takeIn(answer);
    return { service, ...answer.snapshot };
  }

  /** Listens, and only then looks up what was announced while nobody listened. */
  private async listen(): Promise<void> {
    try {
      await this.subscriber.subscribe(redisKeys.circuitChannel);
      this.refreshAll();
    } catch (error) {
      // The connection is gone again; the next one listens.
      this.cutOff('any service', error);
    }
  }

  /** The announcement only names the service: what it says is looked up, so a forged one can do no harm. */
  private announced(service: string): void {
    if (isServiceName(service)) void this.of(service).circuit.refresh();
  }

  private refreshAll(): void {
    for (const { circuit } of this.services.values()) void circuit.refresh();
    for (const service of this.unremembered) this.remember(service);
  }

  private of(name: string): Service {
    const known = this.services.get(name);
    if (known !== undefined) return known;
    const definition = circuitDefinition(name, this.overrides);
    const { failureThreshold, windowMs, openMs } = definition;
    const rules = { failureThreshold, windowMs, openMs };
    const circuit = new Circuit(name, rules, this.shared, this.observer);
    const service = { circuit, rules, calls: new ExternalCalls(circuit, definition, this.metrics) };
    this.services.set(name, service);
    if (!(KNOWN_SERVICES as string[]).includes(name)) this.remember(name);
    return service;
  }

  private remember(service: string): void {
    this.unremembered.add(service);
    this.shared.remember(service).then(
      () => this.unremembered.delete(service),
      (error: unknown) => this.cutOff(service, error),
    );
  }
}

function reasonOf(snapshot: CircuitSnapshot | undefined): string {
  if (snapshot?.state.name === 'open' && snapshot.state.forcedBecause !== undefined) {
    return ` by hand: ${snapshot.state.forcedBecause}`;
  }
  return snapshot?.lastFailure === undefined ? '' : `, last failure ${snapshot.lastFailure.code}`;
}
