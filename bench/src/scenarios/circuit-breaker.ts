import { setTimeout as delay } from 'node:timers/promises';

import { startRedis } from '@bus/testing';
import type { CircuitBreakers } from '@bus/circuit-breaker';
import { Redis } from 'ioredis';

import { median, round } from '../load/latency-recorder.ts';
import { commandCounts, commandsBetween } from '../load/redis-commands.ts';
import type { ScenarioReport } from '../report.ts';
import { openBreakers } from '../tasks/open-breakers.ts';

const SERVICE = 'bench';
const BATCHES = 41;
const CALLS_PER_BATCH = 5_000;
const WARM_UP_BATCHES = 4;
const TARGET_MICROSECONDS = 20;
/** A circuit seen closed is trusted for 250 ms, then looked at again, however many calls there are. */
const MAX_LOOKS_PER_SECOND = 5;

/** What a call through a closed circuit costs when it succeeds. */
export async function circuitBreaker(): Promise<ScenarioReport> {
  const server = await startRedis({ appendOnly: true });
  const redis = new Redis(server.url);
  const { breakers, close } = await openBreakers(server.url);
  try {
    await measure(breakers, WARM_UP_BATCHES);
    // The first call has asked Redis for the state; what it sets off is over by then.
    await delay(1_000);
    const before = await commandCounts(redis);
    const startedAt = performance.now();
    const { costs, through, plain } = await measure(breakers, BATCHES);
    const seconds = (performance.now() - startedAt) / 1_000;
    const commands = commandsBetween(before, await commandCounts(redis));
    // Each look is one script; what runs inside it is counted by its own name and shown among the figures.
    const looks = (commands.evalsha ?? 0) + (commands.eval ?? 0);
    const cost = round(median(costs));
    const calls = BATCHES * CALLS_PER_BATCH;
    return {
      scenario: 'circuit-breaker',
      what: `${calls} successful calls through a closed circuit, one after another, in turn with the call alone`,
      verdicts: [
        {
          claim: `less than ${TARGET_MICROSECONDS} µs for a successful call at the median`,
          measured: `${cost} µs (through the circuit ${through} µs, alone ${plain} µs)`,
          kept: cost < TARGET_MICROSECONDS,
        },
        {
          claim: `no Redis command per call: the circuit is looked at by the clock, at most ${MAX_LOOKS_PER_SECOND} times a second`,
          measured: `${looks} looks for ${calls} calls in ${round(seconds)} s`,
          kept: looks <= seconds * MAX_LOOKS_PER_SECOND + 1,
        },
      ],
      figures: { cost_us_by_batch: costs, commands },
    };
  } finally {
    await close();
    redis.disconnect();
    await server.stop();
  }
}

interface Costs {
  /** What the circuit added to one call, by batch, in microseconds. */
  readonly costs: number[];
  readonly through: number;
  readonly plain: number;
}

async function measure(breakers: CircuitBreakers, batches: number): Promise<Costs> {
  const [through, plain]: [number[], number[]] = [[], []];
  for (let batch = 0; batch < batches; batch += 1) {
    plain.push(await microsecondsPerCall(call));
    through.push(await microsecondsPerCall(() => breakers.call(SERVICE, {}, call)));
  }
  return {
    costs: through.map((it, batch) => round(it - plain[batch]!)),
    through: round(median(through)),
    plain: round(median(plain)),
  };
}

async function call(): Promise<number> {
  await Promise.resolve();
  return 1;
}

async function microsecondsPerCall(make: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  for (let made = 0; made < CALLS_PER_BATCH; made += 1) await make();
  return ((performance.now() - startedAt) * 1_000) / CALLS_PER_BATCH;
}
