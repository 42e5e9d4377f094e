/** When a circuit opens, for how long, and what a single call may take. Every field is required. */
export interface CircuitDefinition {
  /** Failures within `windowMs` that open the circuit. */
  readonly failureThreshold: number;
  /** A failure older than this counts no more, in milliseconds. */
  readonly windowMs: number;
  /** An open circuit refuses every call for this long, in milliseconds; then one call probes. */
  readonly openMs: number;
  /** A call that has not ended after this long is given up and counts as a failure, in milliseconds. */
  readonly timeoutMs: number;
  /** Calls one process makes to the service at the same time; further ones wait for their turn. */
  readonly maxConcurrent: number;
}

const MINUTE_MS = 60_000;

/** Five failures in five minutes, five minutes of rest: long enough for a service to be restarted by hand. */
const DEFAULT_CIRCUIT: CircuitDefinition = {
  failureThreshold: 5,
  windowMs: 5 * MINUTE_MS,
  openMs: 5 * MINUTE_MS,
  timeoutMs: 10_000,
  maxConcurrent: 20,
};

/** The services the bus calls. Others may be called under any valid name; they get the default and one shared metric label. */
export const CIRCUITS = {
  // Publishes share one connection and end in a millisecond; more of them at once would only hold up confirmations of alerts.
  mqtt_broker: { ...DEFAULT_CIRCUIT, maxConcurrent: 50 },
  redis: { ...DEFAULT_CIRCUIT, maxConcurrent: 50 },
  postgres: { ...DEFAULT_CIRCUIT, maxConcurrent: 10 },
  // Mail servers refuse who opens many connections.
  smtp: { ...DEFAULT_CIRCUIT, maxConcurrent: 5 },
} as const satisfies Record<string, CircuitDefinition>;

export type KnownService = keyof typeof CIRCUITS;

export const KNOWN_SERVICES = Object.keys(CIRCUITS) as KnownService[];

/** Departures from the catalog, by service: for one process (`CircuitBreakerModule.forRoot`). */
export type CircuitOverrides = Readonly<Record<string, Partial<CircuitDefinition>>>;

const SERVICE_NAME = /^[a-z][a-z0-9_]{0,63}$/;

export function isServiceName(name: string): boolean {
  return SERVICE_NAME.test(name);
}

/** What a metric may show of a service: its name, or `other`, so that made-up names make no series. */
export function serviceLabel(service: string): string {
  return Object.hasOwn(CIRCUITS, service) ? service : 'other';
}

/**
 * The numbers of a service's circuit.
 *
 * @throws RangeError when the name cannot be a service or a number cannot work
 */
export function circuitDefinition(service: string, overrides: CircuitOverrides = {}): CircuitDefinition {
  if (!isServiceName(service)) {
    throw new RangeError(`service name '${service}' is not snake_case of at most 64 characters`);
  }
  const known: CircuitDefinition = Object.hasOwn(CIRCUITS, service)
    ? CIRCUITS[service as KnownService]
    : DEFAULT_CIRCUIT;
  const definition = { ...known, ...(Object.hasOwn(overrides, service) ? overrides[service] : {}) };
  assertWorkable(service, definition);
  return definition;
}

/** @throws RangeError naming the first number that is not a whole one above 0 */
export function assertWorkable(service: string, numbers: Partial<CircuitDefinition>): void {
  for (const [field, value] of Object.entries(numbers)) {
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new RangeError(`${service}: ${field} must be a whole number above 0, not ${value}`);
    }
  }
}
