import { redact } from '../logging/redact.ts';

/** Resolves when the dependency can be used; rejects with the reason when it cannot. */
export type ReadinessCheck = () => Promise<void>;

export interface ReadinessReport {
  readonly ready: boolean;
  readonly checks: Record<string, { ok: boolean; error?: string }>;
}

interface RegisteredCheck {
  readonly check: ReadinessCheck;
  readonly timeoutMs: number;
  /** A check that hangs is not started a second time; later reports wait for the same one. */
  running?: Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 1_000;

/** Whether this process should be given work. Collects the checks of its dependencies and the draining mark. */
export class ReadinessRegistry {
  readonly #checks = new Map<string, RegisteredCheck>();
  #draining = false;

  /** Adds a check. `timeoutMs` (default 1000) bounds how long a report waits for it. Throws when the name is taken. */
  register(name: string, check: ReadinessCheck, options: { timeoutMs?: number } = {}): void {
    if (this.#checks.has(name)) {
      throw new Error(`A readiness check named '${name}' exists already; give this one another name.`);
    }
    this.#checks.set(name, { check, timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS });
  }

  /** From now on never ready: the process is shutting down. Cannot be undone. */
  setDraining(): void {
    this.#draining = true;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Runs all checks at the same time, each within its time limit. Never rejects; reasons are redacted. */
  async report(): Promise<ReadinessReport> {
    const results = await Promise.all(
      [...this.#checks].map(async ([name, registered]) => [name, await outcomeOf(registered)] as const),
    );
    const checks: ReadinessReport['checks'] = Object.fromEntries(results);
    if (this.#draining) checks['draining'] = { ok: false, error: 'the process is shutting down' };
    return { ready: Object.values(checks).every(({ ok }) => ok), checks };
  }
}

async function outcomeOf(registered: RegisteredCheck): Promise<{ ok: boolean; error?: string }> {
  try {
    await withinTimeLimit(registered);
    return { ok: true };
  } catch (error) {
    return { ok: false, error: redact(error instanceof Error ? error.message : String(error)) };
  }
}

function withinTimeLimit(registered: RegisteredCheck): Promise<void> {
  registered.running ??= startCheck(registered);
  const { running, timeoutMs } = registered;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    running.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function startCheck(registered: RegisteredCheck): Promise<void> {
  return Promise.resolve()
    .then(() => registered.check())
    .finally(() => delete registered.running);
}
