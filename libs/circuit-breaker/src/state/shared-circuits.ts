import { redisKeys } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { ACQUIRE, COMMAND, READ, REPORT } from './circuit-scripts.lua.ts';
import type { Admission, CallResult, CircuitRules } from './circuit-state.ts';
import { admissionOf, answerOf } from './shared-answer.ts';
import type { RawAnswer, SharedAnswer } from './shared-answer.ts';

export interface CallReport {
  readonly generation: number;
  readonly probe?: string;
  readonly result: CallResult;
  /** Of a failure: its code. */
  readonly code?: string;
  /** Of failures that could not be reported when they happened: how long ago each was, in milliseconds. @default [0] */
  readonly agesMs?: readonly number[];
}

export type CircuitCommand =
  | { readonly name: 'open'; readonly because: string }
  | { readonly name: 'close' }
  | { readonly name: 'reset' }
  | ({ readonly name: 'configure' } & CircuitRules);

/** The scripts as ioredis offers them. Each answers with JSON. */
interface Scripts {
  busCircuitRead(...args: (string | number)[]): Promise<string>;
  busCircuitAcquire(...args: (string | number)[]): Promise<string>;
  busCircuitReport(...args: (string | number)[]): Promise<string>;
  busCircuitCommand(...args: (string | number)[]): Promise<string>;
}

/** How long a process that has just started waits for its first connection before it answers for itself. */
const FIRST_CONNECTION_MS = 2_000;

/** Redis answers in well under a millisecond; a call to a service does not wait longer than this for the breaker. */
const ANSWER_WITHIN_MS = 1_000;

/** The circuits of all services as Redis keeps them for the fleet. Every method rejects, within a second or two, when Redis does not answer. */
export class SharedCircuits {
  private readonly connection: RedisConnection;
  private readonly scripts: Scripts;
  private readonly firstConnection: Promise<void>;

  /** `connection` must fail fast: purpose `producer`. */
  constructor(connection: RedisConnection) {
    this.connection = connection;
    connection.defineCommand('busCircuitRead', { numberOfKeys: 1, lua: READ });
    connection.defineCommand('busCircuitAcquire', { numberOfKeys: 1, lua: ACQUIRE });
    connection.defineCommand('busCircuitReport', { numberOfKeys: 1, lua: REPORT });
    connection.defineCommand('busCircuitCommand', { numberOfKeys: 1, lua: COMMAND });
    this.scripts = connection as unknown as Scripts;
    this.firstConnection = readyOnce(connection);
  }

  async read(service: string, rules: CircuitRules): Promise<SharedAnswer> {
    return answerOf(await this.ask(() => this.scripts.busCircuitRead(...common(service, rules))));
  }

  /** `owner` must be new for every call: it names the probe this call may become, for `leaseMs` at most. */
  async acquire(
    service: string,
    rules: CircuitRules,
    owner: string,
    leaseMs: number,
  ): Promise<SharedAnswer & { readonly admission: Admission }> {
    const raw = await this.ask(() =>
      this.scripts.busCircuitAcquire(...common(service, rules), owner, leaseMs),
    );
    const answer = answerOf(raw);
    return { ...answer, admission: admissionOf(raw, owner) };
  }

  async report(service: string, rules: CircuitRules, report: CallReport): Promise<SharedAnswer> {
    const { generation, probe = '', result, code = '', agesMs = [0] } = report;
    const ages = agesMs.map((age) => Math.max(0, Math.round(age))).join(' ');
    return answerOf(
      await this.ask(() =>
        this.scripts.busCircuitReport(...common(service, rules), generation, probe, result, code, ages),
      ),
    );
  }

  async command(service: string, rules: CircuitRules, command: CircuitCommand): Promise<SharedAnswer> {
    return answerOf(
      await this.ask(() =>
        this.scripts.busCircuitCommand(...common(service, rules), command.name, ...argumentsOf(command)),
      ),
    );
  }

  /** Remembers a service the catalog does not list, so that `names` finds it. */
  async remember(service: string): Promise<void> {
    await this.firstConnection;
    await this.connection.sadd(redisKeys.circuitServices, service);
  }

  async names(): Promise<string[]> {
    await this.firstConnection;
    return this.connection.smembers(redisKeys.circuitServices);
  }

  private async ask(request: () => Promise<string>): Promise<RawAnswer> {
    await this.firstConnection;
    return JSON.parse(await answeredInTime(request())) as RawAnswer;
  }
}

function common(service: string, rules: CircuitRules): (string | number)[] {
  const { failureThreshold, windowMs, openMs } = rules;
  return [
    redisKeys.circuitBreaker(service),
    redisKeys.circuitChannel,
    service,
    failureThreshold,
    windowMs,
    openMs,
  ];
}

function argumentsOf(command: CircuitCommand): (string | number)[] {
  switch (command.name) {
    case 'open':
      return [command.because];
    case 'configure':
      return [command.failureThreshold, command.windowMs, command.openMs];
    case 'close':
    case 'reset':
      return [];
    default:
      return command satisfies never;
  }
}

/** Resolves when the connection is ready for the first time, or has had its chance. */
function readyOnce(connection: RedisConnection): Promise<void> {
  if (connection.status === 'ready') return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, FIRST_CONNECTION_MS);
    connection.once('ready', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function answeredInTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      // Timers run before input: after a pause of this process the answer may be waiting in the socket.
      setImmediate(() => reject(new Error(`Redis did not answer within ${ANSWER_WITHIN_MS} ms`)));
    }, ANSWER_WITHIN_MS);
  });
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
