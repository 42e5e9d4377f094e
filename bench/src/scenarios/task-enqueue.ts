import { randomUUID } from 'node:crypto';

import { inFlight } from '../load/in-flight.ts';
import { median, round } from '../load/latency-recorder.ts';
import type { ScenarioReport, Verdict } from '../report.ts';
import { benchParams, type BenchParams } from '../tasks/bench-task.ts';
import { startProducer, type Producer } from '../tasks/producer.ts';
import { startTurnRedis, takeTurns, type Round } from '../tasks/turns.ts';
import type { Side } from '../tasks/worker-process.ts';

/** Many short turns: what disturbs the machine for a second disturbs both sides. */
const ROUNDS = 21;
const JOBS = 4_000;
const WARM_UP_ROUNDS = 3;
const IN_FLIGHT = 100;
const JOBS_PER_CALL = 200;
const TARGET_RATIO = 0.9;

/** Jobs per second of one way to add them. */
interface Rates {
  readonly oneByOne: number;
  /** With an id of the caller's: the bus also says whether the job was there before. */
  readonly named: number;
  readonly many: number;
}

/** Enqueueing through the catalog, every parameter checked, beside BullMQ's own queue with the same options. */
export async function taskEnqueue(): Promise<ScenarioReport> {
  const redis = await startTurnRedis();
  const bare = await startProducer('bare', await redis.nextDatabase());
  const bus = await startProducer('bus', await redis.nextDatabase());
  const producers: Record<Side, Producer> = { bare, bus };
  try {
    await takeTurns(WARM_UP_ROUNDS, (side) => measure(producers[side]));
    const rounds = await takeTurns(ROUNDS, async (side, number) => {
      const rates = await measure(producers[side]);
      process.stdout.write(
        `  round ${number} ${side}: ${rates.oneByOne}/s one by one, ${rates.named}/s named, ${rates.many}/s in bulk\n`,
      );
      return rates;
    });
    return {
      scenario: 'task-enqueue',
      what: `tasks of 300 bytes from one producer: one call each with ${IN_FLIGHT} calls under way, and ${JOBS_PER_CALL} with each call`,
      verdicts: [
        verdict(`one by one, ${IN_FLIGHT} under way`, rounds, 'oneByOne'),
        verdict(`${JOBS_PER_CALL} with each call`, rounds, 'many'),
      ],
      figures: { jobs_per_second: rounds, named_ratio: medianRatio(rounds, 'named') },
    };
  } finally {
    await Promise.all([bare.close(), bus.close()]);
    await redis.stop();
  }
}

function verdict(way: string, rounds: readonly Round<Rates>[], rate: keyof Rates): Verdict {
  const ratio = medianRatio(rounds, rate);
  const [bus, bare] = [median(rounds.map((it) => it.bus[rate])), median(rounds.map((it) => it.bare[rate]))];
  return {
    claim: `${way}: at least ${TARGET_RATIO} of BullMQ's jobs/s`,
    measured: `${ratio} (bus ${bus}/s, bare ${bare}/s)`,
    kept: ratio >= TARGET_RATIO,
  };
}

function medianRatio(rounds: readonly Round<Rates>[], rate: keyof Rates): number {
  return round(median(rounds.map(({ bare, bus }) => bus[rate] / bare[rate])));
}

async function measure(producer: Producer): Promise<Rates> {
  return {
    oneByOne: Math.round(await oneByOne(producer, JOBS)),
    named: Math.round(await oneByOne(producer, JOBS, randomUUID)),
    many: Math.round(await many(producer, JOBS)),
  };
}

function oneByOne(producer: Producer, jobs: number, id?: () => string): Promise<number> {
  return inFlight(jobs, IN_FLIGHT, (index) => producer.add(benchParams(index), id?.()));
}

async function many(producer: Producer, jobs: number): Promise<number> {
  const perSecond = await inFlight(jobs / JOBS_PER_CALL, 1, (index) => producer.addMany(batch(index)));
  return perSecond * JOBS_PER_CALL;
}

function batch(index: number): BenchParams[] {
  return Array.from({ length: JOBS_PER_CALL }, (_, place) => benchParams(index * JOBS_PER_CALL + place));
}
