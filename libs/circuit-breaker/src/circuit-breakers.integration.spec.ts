import { redisKeys } from '@bus/platform';
import { createRedisDatabase, startRedis, waitFor } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  CircuitOpenError,
  ExternalCallTimeoutError,
  ExternalServiceBusyError,
} from './circuit-breaker.errors.ts';
import type { CircuitOverrides } from './catalog/circuit-catalog.ts';
import { moveTimeOn, startCircuitProcess } from './fixtures/circuit-process.fixture.ts';
import type { CircuitProcess } from './fixtures/circuit-process.fixture.ts';

const fine = () => Promise.resolve('fine');
const broken = () => Promise.reject(Object.assign(new Error('password=hunter2'), { code: 'VENDOR_DOWN' }));
/** A call that ends when its signal says so, and not before. */
const hanging = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')));
  });

describe('CircuitBreakers', () => {
  let redisUrl: string;
  const open: CircuitProcess[] = [];

  beforeEach(async () => {
    redisUrl = await createRedisDatabase(inject('redisUrl'));
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((process) => process.close()));
  });

  function start(circuits: CircuitOverrides = {}): CircuitProcess {
    const process = startCircuitProcess(redisUrl, circuits);
    open.push(process);
    return process;
  }
  async function failFiveTimes({ breakers }: CircuitProcess, service = 'smtp'): Promise<void> {
    for (let index = 0; index < 5; index += 1) {
      await expect(breakers.call(service, {}, broken)).rejects.toThrow('hunter2');
    }
  }

  it('hands on what a call returns or throws', async () => {
    const { breakers } = start();
    expect(await breakers.call('smtp', {}, fine)).toBe('fine');
    await expect(breakers.call('smtp', {}, broken)).rejects.toMatchObject({ code: 'VENDOR_DOWN' });
    expect(() => breakers.call('no such service', {}, fine)).toThrow(RangeError);
  });

  it('opens for the whole fleet at the fifth failure; then nobody calls', async () => {
    const first = start();
    const second = start();
    await second.breakers.call('smtp', {}, fine);
    await failFiveTimes(first);
    const refused = await first.breakers.call('smtp', {}, fine).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CircuitOpenError);
    expect((refused as CircuitOpenError).retryAfterMs).toBeGreaterThan(200_000);
    await waitFor(() => second.breakers.lastKnownState('smtp') === 'open');
    await expect(second.breakers.call('smtp', {}, fine)).rejects.toThrow(CircuitOpenError);
    // Each service has a circuit of its own.
    expect(await second.breakers.call('postgres', {}, fine)).toBe('fine');
  });

  it('tries once when its time has come, refusing everybody else meanwhile, and closes', async () => {
    const process = start();
    const { breakers, connections } = process;
    await failFiveTimes(process);
    await moveTimeOn(connections, 'smtp', 300_000);
    await breakers.state('smtp');
    let tries = 0;
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const calls = Array.from({ length: 20 }, () =>
      breakers.call('smtp', {}, async () => {
        tries += 1;
        await answered;
      }),
    );
    const outcomes: string[] = [];
    const ended = calls.map(async (call) =>
      outcomes.push(
        await call.then(
          () => 'called',
          () => 'refused',
        ),
      ),
    );
    // Nobody waits for the probe: all others have their answer before it has one.
    await waitFor(() => outcomes.length === 19);
    expect(new Set(outcomes)).toEqual(new Set(['refused']));
    answer();
    await Promise.all(ended);
    expect(outcomes.at(-1)).toBe('called');
    expect(tries).toBe(1);
    expect(await breakers.state('smtp')).toMatchObject({ state: { name: 'closed', failuresInWindow: 0 } });
  });

  it('lets a thousand successful calls pass with a handful of questions to Redis', async () => {
    const redis = await startRedis();
    const process = startCircuitProcess(redis.url);
    open.push(process);
    const { breakers, connections } = process;
    await breakers.call('smtp', {}, fine);
    const scriptsRun = async () => {
      const stats = await connections.commands.info('commandstats');
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    const before = await scriptsRun();
    const started = performance.now();
    for (let index = 0; index < 1_000; index += 1) await breakers.call('smtp', {}, fine);
    const allowed = 2 + Math.ceil((performance.now() - started) / 250);
    expect((await scriptsRun()) - before).toBeLessThanOrEqual(allowed);
    await process.close();
    open.splice(open.indexOf(process), 1);
    await redis.stop();
  });

  describe('a call', () => {
    it('is given up at its time limit, whether it listens or not, and counts as a failure', async () => {
      const process = start();
      const { breakers } = process;
      await expect(breakers.call('smtp', { timeoutMs: 20 }, hanging)).rejects.toThrow(
        ExternalCallTimeoutError,
      );
      await expect(
        breakers.call('smtp', { timeoutMs: 20 }, () => new Promise<never>(() => undefined)),
      ).rejects.toThrow(ExternalCallTimeoutError);
      expect(await breakers.state('smtp')).toMatchObject({
        state: { failuresInWindow: 2 },
        lastFailure: { code: 'EXTERNAL_CALL_TIMEOUT' },
      });
    });

    it('that its caller gives up says nothing about the service, and fails with the reason of the caller', async () => {
      const { breakers } = start();
      const caller = new AbortController();
      let isCalling = false;
      const call = breakers.call('smtp', { signal: caller.signal }, (signal) => {
        isCalling = true;
        return hanging(signal);
      });
      const reason = new Error('cancelled by an operator');
      await waitFor(() => isCalling);
      caller.abort(reason);
      await expect(call).rejects.toBe(reason);
      await expect(breakers.call('smtp', { signal: caller.signal }, fine)).rejects.toBe(reason);
      expect(await breakers.state('smtp')).toMatchObject({ state: { failuresInWindow: 0 } });
    });

    it('that is answered with a refusal of the question does not count against the service', async () => {
      const process = start();
      const { breakers } = process;
      const isFailure = () => false;
      await expect(breakers.call('smtp', { isFailure }, broken)).rejects.toMatchObject({
        code: 'VENDOR_DOWN',
      });
      expect(await breakers.state('smtp')).toMatchObject({ state: { failuresInWindow: 0 } });
      await failFiveTimes(process);
      await moveTimeOn(process.connections, 'smtp', 300_000);
      await breakers.state('smtp');
      await expect(breakers.call('smtp', { isFailure }, broken)).rejects.toMatchObject({
        code: 'VENDOR_DOWN',
      });
      expect(await breakers.state('smtp')).toMatchObject({ state: { name: 'closed' } });
    });

    it('is repeated as often as it may be, each attempt counting, and not through an open circuit', async () => {
      const { breakers } = start({ smtp: { failureThreshold: 3 } });
      let attempts = 0;
      const flaky = () => (++attempts < 3 ? broken() : fine());
      expect(await breakers.call('smtp', { retries: 2 }, flaky)).toBe('fine');
      expect(await breakers.state('smtp')).toMatchObject({ state: { failuresInWindow: 2 } });
      attempts = 0;
      await expect(
        breakers.call('smtp', { retries: 5 }, () => {
          attempts += 1;
          return broken();
        }),
      ).rejects.toThrow(CircuitOpenError);
      expect(attempts).toBe(1);
    });

    it('is not repeated when no repetition can help', async () => {
      const { breakers } = start();
      let attempts = 0;
      const refused = () => {
        attempts += 1;
        return Promise.reject(Object.assign(new Error('no'), { isRetryable: false }));
      };
      await expect(breakers.call('smtp', { retries: 3 }, refused)).rejects.toThrow('no');
      expect(attempts).toBe(1);
    });

    it('waits for its turn among those of its process, and is refused when too many wait', async () => {
      const { breakers } = start();
      let running = 0;
      let most = 0;
      const releases: (() => void)[] = [];
      const call = () =>
        breakers.call('smtp', { maxConcurrent: 2 }, async () => {
          most = Math.max(most, ++running);
          await new Promise<void>((resolve) => releases.push(resolve));
          running -= 1;
        });
      const outcomes = Array.from({ length: 30 }, () =>
        call().then(
          () => 'done',
          (error: unknown) => error,
        ),
      );
      await waitFor(() => releases.length === 2);
      const busy = await Promise.all(outcomes.slice(22));
      for (const outcome of busy) expect(outcome).toBeInstanceOf(ExternalServiceBusyError);
      const draining = setInterval(() => releases.shift()?.(), 1);
      expect(await Promise.all(outcomes.slice(0, 22))).toEqual(Array.from({ length: 22 }, () => 'done'));
      clearInterval(draining);
      expect(most).toBe(2);
      // A full process says nothing about the service.
      expect(await breakers.state('smtp')).toMatchObject({ state: { failuresInWindow: 0 } });
    });
  });

  describe('by hand', () => {
    it('stays open, whatever time passes, until it is closed', async () => {
      const operator = start();
      const worker = start();
      await worker.breakers.call('smtp', {}, fine);
      const view = await operator.breakers.open('smtp', ' maintenance, password=hunter2 ');
      expect(view.state).toMatchObject({ name: 'open', forcedBecause: 'maintenance, password=[redacted]' });
      await waitFor(() => worker.breakers.lastKnownState('smtp') === 'open');
      await moveTimeOn(operator.connections, 'smtp', 3_600_000);
      await expect(worker.breakers.call('smtp', {}, fine)).rejects.toThrow(CircuitOpenError);
      await operator.breakers.close('smtp');
      expect(await waitFor(() => worker.breakers.call('smtp', {}, fine))).toBe('fine');
    });

    it('takes other numbers for the whole fleet at once, until it is reset', async () => {
      const operator = start();
      const worker = start();
      await operator.breakers.configure('smtp', { failureThreshold: 1, openMs: 3_000 });
      await expect(worker.breakers.call('smtp', {}, broken)).rejects.toThrow('hunter2');
      await expect(worker.breakers.call('smtp', {}, fine)).rejects.toThrow(CircuitOpenError);
      expect(await waitFor(() => worker.breakers.call('smtp', {}, fine))).toBe('fine');
      const reset = await operator.breakers.reset('smtp');
      expect(reset).toMatchObject({
        state: { name: 'closed' },
        rules: { failureThreshold: 5, openMs: 300_000 },
      });
      expect(reset).not.toHaveProperty('lastFailure');
      await expect(operator.breakers.configure('smtp', { openMs: 0 })).rejects.toThrow(RangeError);
    });

    it('cannot be undone by results of calls from before', async () => {
      const process = start();
      let answer = (): void => undefined;
      const late = process.breakers.call('smtp', {}, () => {
        return new Promise<never>((_resolve, reject) => {
          answer = () => reject(new Error('late'));
        });
      });
      await waitFor(() => answer.toString().includes('late'));
      await process.breakers.reset('smtp');
      answer();
      await expect(late).rejects.toThrow('late');
      expect(await process.breakers.state('smtp')).toMatchObject({ state: { failuresInWindow: 0 } });
    });

    it('shows every circuit of the fleet, and of an error its code only', async () => {
      const process = start();
      await failFiveTimes(process, 'vendor_api');
      const operator = start();
      const circuits = await waitFor(async () => {
        const list = await operator.breakers.list();
        return list.some(({ service }) => service === 'vendor_api') && list;
      });
      expect(circuits.map(({ service }) => service)).toEqual([
        'mqtt_broker',
        'postgres',
        'redis',
        'smtp',
        'vendor_api',
      ]);
      expect(circuits.at(-1)).toMatchObject({
        generation: 1,
        state: { name: 'open' },
        lastFailure: { code: 'VENDOR_DOWN' },
      });
      const stored = await operator.connections.commands.hgetall(redisKeys.circuitBreaker('vendor_api'));
      expect(JSON.stringify(stored)).not.toContain('hunter2');
    });
  });

  it('goes on when the key holds something of an older platform, or nonsense', async () => {
    const { breakers, connections } = start();
    await connections.commands.set('circuit_breaker:smtp', 'gASVIAAAAAAAAAB9lCiMBXN0YXRllIwEb3BlbpR1Lg==');
    expect(await breakers.call('smtp', {}, fine)).toBe('fine');
    await connections.commands.hset('circuit_breaker:postgres', {
      state: 'ajar',
      generation: 'x',
      failures: '1 x 9999999999999999 ;',
      open_until: 'never',
    });
    await expect(breakers.call('postgres', {}, broken)).rejects.toMatchObject({ code: 'VENDOR_DOWN' });
    expect(await breakers.state('postgres')).toMatchObject({
      state: { name: 'closed', failuresInWindow: 1 },
    });
  });

  it('measures calls, states and changes, with one label for all services it does not know', async () => {
    const process = start({ smtp: { failureThreshold: 1 } });
    const { breakers } = process;
    await breakers.call('postgres', {}, fine);
    await expect(breakers.call('smtp', { timeoutMs: 5 }, hanging)).rejects.toThrow('within 5 ms');
    await expect(breakers.call('smtp', {}, fine)).rejects.toThrow(CircuitOpenError);
    await expect(breakers.call('vendor_1', {}, broken)).rejects.toThrow('hunter2');
    await breakers.call('vendor_2', {}, fine);
    expect(await process.metric('bus_external_service_calls_total')).toEqual({
      'service=postgres,outcome=success': 1,
      'service=smtp,outcome=timeout': 1,
      'service=smtp,outcome=rejected': 1,
      'service=other,outcome=failure': 1,
      'service=other,outcome=success': 1,
    });
    expect(await process.metric('bus_external_service_circuit_state')).toMatchObject({
      'service=smtp,state=open': 1,
      'service=smtp,state=closed': 0,
      'service=postgres,state=closed': 1,
    });
    expect(await process.metric('bus_external_service_circuit_transitions_total')).toEqual({
      'service=smtp,to=open': 1,
    });
  });
});
