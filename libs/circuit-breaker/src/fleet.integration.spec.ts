import { execFile, spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createRedisDatabase, waitFor } from '@bus/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { moveTimeOn, startCircuitProcess } from './fixtures/circuit-process.fixture.ts';
import type { CircuitProcess } from './fixtures/circuit-process.fixture.ts';

const LIBRARY = fileURLToPath(new URL('..', import.meta.url));
const TSC = fileURLToPath(new URL('../../../node_modules/.bin/tsc', import.meta.url));
const FIXTURE = fileURLToPath(new URL('../dist/fixtures/fleet-process.fixture.js', import.meta.url));

const PROCESSES = 6;
const CALLS = 50;
const SERVICE = 'vendor_api';
const OPEN_MS = 300_000;
/** Longer than any round of a spec takes, on a busy machine too. */
const TIMEOUT_MS = 60_000;
/** What a dead prober holds its lease for: the time limit of its call, and the grace after it. */
const LEASE_MS = TIMEOUT_MS + 5_000;

type Behaviour = 'fail' | 'succeed' | 'hang';

interface Outcome {
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
}

/** A real process of the fleet. */
class Member {
  private readonly lines: string[] = [];
  private readonly child: ChildProcessWithoutNullStreams;
  private rounds = 0;

  constructor(redisUrl: string) {
    this.child = spawn(process.execPath, [FIXTURE], { env: { REDIS_URL: redisUrl } });
    createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.push(line));
    this.child.stderr.on('data', (text: Buffer) => this.lines.push(text.toString()));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get calling(): number {
    return this.lines.filter((line) => line.startsWith('calling')).length;
  }

  ready(): Promise<unknown> {
    return this.line('ready');
  }

  async callAtOnce(behaviour: Behaviour, timeoutMs = TIMEOUT_MS): Promise<Outcome> {
    const line = await this.tell('call', `${behaviour} ${timeoutMs}`);
    const [succeeded = 0, failed = 0, refused = 0] = line.split(' ').slice(2).map(Number);
    return { succeeded, failed, refused };
  }

  /** Resolves when this process knows the present state, as it soon would by the announcement. */
  look(): Promise<unknown> {
    return this.tell('look');
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.child.kill(signal);
  }

  private tell(command: string, argument = ''): Promise<string> {
    const id = String(++this.rounds);
    this.child.stdin.write(`${command} ${id} ${argument}\n`);
    return this.line(`done ${id} `);
  }

  private line(start: string): Promise<string> {
    return waitFor(() => this.lines.find((line) => line.startsWith(start)), {
      timeoutMs: 60_000,
      message: `"${start}" in ${this.lines.join('\n')}`,
    });
  }
}

describe(`${PROCESSES} processes that call one service ${CALLS} times at once each`, () => {
  let fleet: Member[] = [];
  let eyes: CircuitProcess;

  beforeAll(async () => {
    await promisify(execFile)(TSC, ['-b', LIBRARY]).catch((error: { stdout?: string }) => {
      throw new Error(`The library does not compile:\n${error.stdout}`, { cause: error });
    });
  }, 120_000);

  beforeEach(async () => {
    const redisUrl = await createRedisDatabase(inject('redisUrl'));
    eyes = startCircuitProcess(redisUrl);
    fleet = Array.from({ length: PROCESSES }, () => new Member(redisUrl));
    await Promise.all(fleet.map((member) => member.ready()));
  });
  afterEach(async () => {
    for (const member of fleet) member.kill();
    await eyes.close();
  });

  async function allCall(behaviour: Behaviour, members = fleet, timeoutMs = TIMEOUT_MS): Promise<Outcome> {
    const outcomes = await Promise.all(members.map((member) => member.callAtOnce(behaviour, timeoutMs)));
    const sum = (key: keyof Outcome) => outcomes.reduce((total, outcome) => total + outcome[key], 0);
    return { succeeded: sum('succeeded'), failed: sum('failed'), refused: sum('refused') };
  }
  /** Calls that reached the service, and the most at one time, since the last look. */
  async function marks(): Promise<{ calls: number; most: number }> {
    const { commands } = eyes.connections;
    const [calls, most] = await Promise.all([commands.getdel('calls'), commands.zscore('most', 'running')]);
    await commands.del('most');
    return { calls: Number(calls ?? 0), most: Number(most ?? 0) };
  }
  async function openCircuit(): Promise<void> {
    await allCall('fail');
    expect((await eyes.breakers.state(SERVICE)).state.name).toBe('open');
    await Promise.all(fleet.map((member) => member.look()));
    await marks();
  }
  async function itsTimeHasCome(milliseconds = OPEN_MS, members = fleet): Promise<void> {
    await moveTimeOn(eyes.connections, SERVICE, milliseconds);
    await Promise.all(members.map((member) => member.look()));
  }

  it('are all refused while the circuit is open', async () => {
    await openCircuit();
    expect(await allCall('succeed')).toEqual({ succeeded: 0, failed: 0, refused: PROCESSES * CALLS });
    expect(await marks()).toEqual({ calls: 0, most: 0 });
  }, 120_000);

  it('make exactly one probe, over and over while it fails, and all calls again once it succeeds', async () => {
    await openCircuit();
    for (let round = 0; round < 3; round += 1) {
      await itsTimeHasCome();
      expect(await allCall('fail')).toEqual({ succeeded: 0, failed: 1, refused: PROCESSES * CALLS - 1 });
      expect(await marks()).toEqual({ calls: 1, most: 1 });
    }
    await itsTimeHasCome();
    const closing = await allCall('succeed');
    expect(closing.failed).toBe(0);
    expect((await eyes.breakers.state(SERVICE)).state.name).toBe('closed');
    const all = await waitFor(async () => {
      const outcome = await allCall('succeed');
      return outcome.succeeded === PROCESSES * CALLS && outcome;
    });
    expect(all.refused).toBe(0);
  }, 120_000);

  it('make one probe that is given up at its time limit when the service hangs', async () => {
    await openCircuit();
    await itsTimeHasCome();
    expect(await allCall('hang', fleet, 1_000)).toEqual({
      succeeded: 0,
      failed: 1,
      refused: PROCESSES * CALLS - 1,
    });
    expect(await marks()).toEqual({ calls: 1, most: 1 });
    expect((await eyes.breakers.state(SERVICE)).state.name).toBe('open');
  }, 120_000);

  it('make no second probe when the prober is killed, until its lease is over: then exactly one', async () => {
    await openCircuit();
    await itsTimeHasCome();
    const before = fleet.map((member) => member.calling);
    // Frozen in the middle of its call, so that the time limit cannot end it; then killed.
    const calls = fleet.map((member) => member.callAtOnce('hang').catch(() => undefined));
    const prober = await waitFor(() => fleet.find((member, index) => member.calling > before[index]!));
    prober.kill('SIGSTOP');
    const survivors = fleet.filter((member) => member !== prober);
    await Promise.all(calls.filter((_call, index) => fleet[index] !== prober));
    prober.kill('SIGKILL');
    expect(await marks()).toEqual({ calls: 1, most: 1 });

    const everyone = survivors.length * CALLS;
    expect(await allCall('succeed', survivors)).toEqual({ succeeded: 0, failed: 0, refused: everyone });
    expect(await marks()).toEqual({ calls: 0, most: 0 });
    await eyes.connections.commands.set('running', 0);
    await itsTimeHasCome(LEASE_MS, survivors);
    expect(await allCall('fail', survivors)).toEqual({ succeeded: 0, failed: 1, refused: everyone - 1 });
    expect(await marks()).toEqual({ calls: 1, most: 1 });
  }, 120_000);
});
