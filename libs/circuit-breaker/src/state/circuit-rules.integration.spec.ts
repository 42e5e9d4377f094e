import { RedisConnections } from '@bus/platform';
import { createRedisDatabase, FixedClock } from '@bus/testing';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { moveTimeOn } from '../fixtures/circuit-process.fixture.ts';
import type { Admission, CallResult } from './circuit-state.ts';
import { LocalCircuit } from './local-circuit.ts';
import { SharedCircuits } from './shared-circuits.ts';

const MINUTE_MS = 60_000;
const RULES = { failureThreshold: 5, windowMs: 5 * MINUTE_MS, openMs: 5 * MINUTE_MS };
const LEASE_MS = 15_000;
const SERVICE = 'vendor_api';

type Admitted = Extract<Admission, { isAdmitted: true }>;

/** A circuit, wherever it is kept. */
interface Keeper {
  acquire(owner: string): Promise<Admission>;
  report(admission: Admitted, result: CallResult): Promise<void>;
  moveOn(milliseconds: number): Promise<void>;
}

const open: RedisConnections[] = [];

async function inRedis(): Promise<Keeper> {
  const connections = new RedisConnections({ REDIS_URL: await createRedisDatabase(inject('redisUrl')) });
  open.push(connections);
  const shared = new SharedCircuits(connections.create('producer', 'spec'));
  return {
    acquire: async (owner) => (await shared.acquire(SERVICE, RULES, owner, LEASE_MS)).admission,
    report: async (admission, result) => {
      const { generation, probe = '' } = admission;
      await shared.report(SERVICE, RULES, { generation, probe, result, code: 'SPEC' });
    },
    moveOn: (milliseconds) => moveTimeOn(connections, SERVICE, milliseconds),
  };
}

function inProcess(): Promise<Keeper> {
  const clock = new FixedClock();
  const local = new LocalCircuit(RULES, undefined, clock.nowMs);
  return Promise.resolve({
    acquire: (owner) => Promise.resolve(local.acquire(owner, LEASE_MS)),
    report: (admission, result) => Promise.resolve(local.report(admission, result)),
    moveOn: (milliseconds) => Promise.resolve(clock.advance(milliseconds)),
  });
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((connections) => connections.closeAll()));
});

describe.each([
  ['shared by the fleet', inRedis],
  ['of a process without Redis', inProcess],
])('a circuit %s', (_kind, create) => {
  let owners = 0;
  const ask = (circuit: Keeper) => circuit.acquire(`owner-${++owners}`);

  async function admitted(circuit: Keeper): Promise<Admitted> {
    const admission = await ask(circuit);
    if (!admission.isAdmitted) throw new Error(`refused for ${admission.retryAfterMs} ms`);
    return admission;
  }
  async function fail(circuit: Keeper, times: number): Promise<void> {
    for (let index = 0; index < times; index += 1) await circuit.report(await admitted(circuit), 'failure');
  }
  const openCircuit = async () => {
    const circuit = await create();
    await fail(circuit, RULES.failureThreshold);
    return circuit;
  };

  it('opens at the fifth failure within five minutes, not before', async () => {
    const circuit = await create();
    await fail(circuit, 4);
    expect(await ask(circuit)).toMatchObject({ isAdmitted: true });
    await fail(circuit, 1);
    const refused = await ask(circuit);
    expect(refused).toMatchObject({ isAdmitted: false });
    if (!refused.isAdmitted) {
      expect(refused.retryAfterMs).toBeLessThanOrEqual(RULES.openMs);
      expect(refused.retryAfterMs).toBeGreaterThan(RULES.openMs - MINUTE_MS);
    }
  });

  it('forgets failures that are older than five minutes', async () => {
    const circuit = await create();
    await fail(circuit, 4);
    await circuit.moveOn(RULES.windowMs + 1);
    await fail(circuit, 4);
    expect(await ask(circuit)).toMatchObject({ isAdmitted: true });
  });

  it('lets successes pass without an effect on the count', async () => {
    const circuit = await create();
    await fail(circuit, 4);
    await circuit.report(await admitted(circuit), 'success');
    await fail(circuit, 1);
    expect(await ask(circuit)).toMatchObject({ isAdmitted: false });
  });

  it('refuses for 300 seconds, then lets exactly one call try', async () => {
    const circuit = await openCircuit();
    await circuit.moveOn(RULES.openMs - MINUTE_MS);
    expect(await ask(circuit)).toMatchObject({ isAdmitted: false });
    await circuit.moveOn(MINUTE_MS);
    const admissions = await Promise.all(Array.from({ length: 20 }, () => ask(circuit)));
    const probes = admissions.filter((admission) => admission.isAdmitted);
    expect(probes).toHaveLength(1);
    expect(probes[0]).toHaveProperty('probe');
  });

  it('closes when the probe succeeds, with the count back at nothing', async () => {
    const circuit = await openCircuit();
    await circuit.moveOn(RULES.openMs);
    await circuit.report(await admitted(circuit), 'success');
    await fail(circuit, 4);
    expect(await ask(circuit)).toMatchObject({ isAdmitted: true });
  });

  it('opens for another 300 seconds when the probe fails', async () => {
    const circuit = await openCircuit();
    await circuit.moveOn(RULES.openMs);
    await circuit.report(await admitted(circuit), 'failure');
    await circuit.moveOn(RULES.openMs - MINUTE_MS);
    expect(await ask(circuit)).toMatchObject({ isAdmitted: false });
    await circuit.moveOn(MINUTE_MS);
    expect(await ask(circuit)).toHaveProperty('probe');
  });

  it('gives the probe to another one when the first never reports, and ignores what it says later', async () => {
    const circuit = await openCircuit();
    await circuit.moveOn(RULES.openMs);
    const dead = await admitted(circuit);
    await circuit.moveOn(LEASE_MS - 5_000);
    expect(await ask(circuit)).toMatchObject({ isAdmitted: false });
    await circuit.moveOn(5_000);
    const heir = await admitted(circuit);
    expect(heir.probe).toBeDefined();
    expect(await ask(circuit)).toMatchObject({ isAdmitted: false });
    await circuit.report(dead, 'success');
    expect(await ask(circuit)).toMatchObject({ isAdmitted: false });
    await circuit.report(dead, 'failure');
    await circuit.report(heir, 'success');
    expect(await ask(circuit)).toMatchObject({ isAdmitted: true });
  });

  it('lets the next caller try at once when the probe was given up without an answer', async () => {
    const circuit = await openCircuit();
    await circuit.moveOn(RULES.openMs);
    await circuit.report(await admitted(circuit), 'abandoned');
    expect(await ask(circuit)).toHaveProperty('probe');
    expect(await ask(circuit)).toMatchObject({ isAdmitted: false });
  });

  it('ignores late results of an older state', async () => {
    const circuit = await create();
    const late = await Promise.all(Array.from({ length: 12 }, () => admitted(circuit)));
    await fail(circuit, 5);
    // Late failures do not prolong an open circuit, late successes do not close it.
    await circuit.report(late[0]!, 'failure');
    await circuit.report(late[1]!, 'success');
    expect(await ask(circuit)).toMatchObject({ isAdmitted: false });
    await circuit.moveOn(RULES.openMs);
    const probe = await admitted(circuit);
    await circuit.report(late[2]!, 'failure');
    await circuit.report(late[3]!, 'success');
    expect(await ask(circuit)).toMatchObject({ isAdmitted: false });
    await circuit.report(probe, 'success');
    for (const call of late.slice(4)) await circuit.report(call, 'failure');
    expect(await ask(circuit)).toMatchObject({ isAdmitted: true });
  });
});
