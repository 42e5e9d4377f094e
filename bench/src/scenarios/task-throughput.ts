import { median, round } from '../load/latency-recorder.ts';
import type { ScenarioReport } from '../report.ts';
import { benchParams } from '../tasks/bench-task.ts';
import { startProducer } from '../tasks/producer.ts';
import { startTurnRedis, takeTurns } from '../tasks/turns.ts';
import { WorkerProcess, type Side } from '../tasks/worker-process.ts';

const ROUNDS = 5;
const JOBS = 20_000;
/** The compiler needs some thousand runs of the same code before it is at its best, on either side. */
const WARM_UP_JOBS = 5_000;
const JOBS_PER_CALL = 500;
const TARGET_RATIO = 0.85;

/** A worker with the full chain beside a bare one: how fast each empties the same queue. */
export async function taskThroughput(): Promise<ScenarioReport> {
  const redis = await startTurnRedis();
  try {
    const rounds = await takeTurns(ROUNDS, async (side, number) => {
      const perSecond = await measure(side, await redis.nextDatabase());
      process.stdout.write(`\r  round ${number} ${side}: ${Math.round(perSecond)} tasks/s\n`);
      return Math.round(perSecond);
    });
    const ratios = rounds.map(({ bare, bus }) => round(bus / bare));
    const ratio = median(ratios);
    const [bus, bare] = [median(rounds.map((it) => it.bus)), median(rounds.map((it) => it.bare))];
    return {
      scenario: 'task-throughput',
      what: `${JOBS} tasks of 300 bytes wait in the queue, then one worker process runs them; the first ${WARM_UP_JOBS} are not counted`,
      verdicts: [
        {
          claim: `at least ${TARGET_RATIO} of the bare worker's tasks/s`,
          measured: `${ratio} (bus ${bus}/s, bare ${bare}/s)`,
          kept: ratio >= TARGET_RATIO,
        },
      ],
      figures: { tasks_per_second: rounds, ratios },
    };
  } finally {
    await redis.stop();
  }
}

async function measure(side: Side, redisUrl: string): Promise<number> {
  await fill(side, redisUrl);
  const worker = await WorkerProcess.start(side, {
    redisUrl,
    jobs: JOBS,
    warmUpJobs: WARM_UP_JOBS,
    onProgress: ({ done }) => process.stdout.write(`\r  ${side}: ${done} of ${JOBS} `),
  });
  try {
    return (JOBS - WARM_UP_JOBS) / ((await worker.finished()) / 1000);
  } finally {
    await worker.stop();
  }
}

async function fill(side: Side, redisUrl: string): Promise<void> {
  const producer = await startProducer(side, redisUrl);
  try {
    for (let first = 0; first < JOBS; first += JOBS_PER_CALL) {
      const count = Math.min(JOBS_PER_CALL, JOBS - first);
      await producer.addMany(Array.from({ length: count }, (_, index) => benchParams(first + index)));
    }
  } finally {
    await producer.close();
  }
}
