import { median, round, summarise, type LatencySummary } from '../load/latency-recorder.ts';
import { paced } from '../load/paced.ts';
import type { ScenarioReport } from '../report.ts';
import { benchParams } from '../tasks/bench-task.ts';
import { clockMs } from '../tasks/clock.ts';
import { startProducer, type Producer } from '../tasks/producer.ts';
import { startTurnRedis, takeTurns } from '../tasks/turns.ts';
import { WorkerProcess, type Side } from '../tasks/worker-process.ts';

const ROUNDS = 5;
const PER_SECOND = 50;
const SECONDS = 8;
const WARM_UP_SECONDS = 4;
/** How long the last job may take to its handler. */
const GRACE_MS = 10_000;
const TARGET_ADDED_MS = 1;

interface Way {
  readonly producer: Producer;
  readonly worker: WorkerProcess;
}

/** What the bus adds to the way of one task from the call of its producer to the entry of its handler. */
export async function taskLatency(): Promise<ScenarioReport> {
  const redis = await startTurnRedis();
  const ways: Partial<Record<Side, Way>> = {};
  try {
    const open = async (side: Side): Promise<Way> =>
      (ways[side] ??= await openWay(side, await redis.nextDatabase()));
    for (const side of ['bare', 'bus'] as const) await measure(await open(side), WARM_UP_SECONDS);
    const rounds = await takeTurns(ROUNDS, async (side, number) => {
      const summary = await measure(await open(side), SECONDS);
      process.stdout.write(
        `  round ${number} ${side}: p50 ${summary.p50Ms} ms, p99 ${summary.p99Ms} ms, ${summary.count} run\n`,
      );
      return summary;
    });
    const added = round(median(rounds.map(({ bare, bus }) => bus.p50Ms - bare.p50Ms)));
    return {
      scenario: 'task-latency',
      what: `one task at ${PER_SECOND}/s, from the call of its producer to the entry of its handler in another process`,
      verdicts: [
        {
          claim: `less than ${TARGET_ADDED_MS} ms added at the median`,
          measured: `${added} ms (bus ${p50(rounds, 'bus')} ms, bare ${p50(rounds, 'bare')} ms)`,
          kept: added < TARGET_ADDED_MS,
        },
      ],
      figures: { rounds },
    };
  } finally {
    for (const way of Object.values(ways)) {
      await way.producer.close();
      await way.worker.stop();
    }
    await redis.stop();
  }
}

function p50(rounds: readonly Record<Side, LatencySummary>[], side: Side): number {
  return median(rounds.map((it) => it[side].p50Ms));
}

async function openWay(side: Side, redisUrl: string): Promise<Way> {
  return {
    worker: await WorkerProcess.start(side, { redisUrl }),
    producer: await startProducer(side, redisUrl),
  };
}

async function measure({ producer, worker }: Way, seconds: number): Promise<LatencySummary> {
  const adding: Promise<unknown>[] = [];
  const issued = await paced({ perSecond: PER_SECOND, seconds }, (index) => {
    adding.push(producer.add(benchParams(index, clockMs())));
  });
  await Promise.all(adding);
  return summarise(await worker.takeLatencies(issued, GRACE_MS));
}
