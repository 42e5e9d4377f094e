import { setTimeout as delay } from 'node:timers/promises';

import { median, round } from '../load/latency-recorder.ts';
import type { ScenarioReport } from '../report.ts';
import { benchParams } from '../tasks/bench-task.ts';
import { startProducer } from '../tasks/producer.ts';
import { startTurnRedis } from '../tasks/turns.ts';
import { WorkerProcess, type Progress } from '../tasks/worker-process.ts';

const TASKS = 1_000_000;
/** The queue is kept at most this long: Redis is not what is measured. */
const MAX_WAITING = 5_000;
const JOBS_PER_CALL = 500;
const LOOK_AGAIN_AFTER_MS = 20;
const REPORT_EVERY_MS = 5_000;
/** The first fifth is the time in which the heap takes the size it needs. */
const FIFTHS = 5;
const FLAT_GROWTH = 1.05;
const MEBIBYTE = 1024 * 1024;

/** A million tasks through one worker process. */
export async function taskMemory(): Promise<ScenarioReport> {
  const redis = await startTurnRedis();
  try {
    const startedAt = performance.now();
    const samples = await runAll(await redis.nextDatabase());
    const seconds = (performance.now() - startedAt) / 1000;
    const fifths = Array.from({ length: FIFTHS }, (_, index) => fifth(samples, index));
    const [second, last] = [fifths[1]!, fifths.at(-1)!];
    return {
      scenario: 'task-memory',
      what: `${TASKS} tasks through the full chain of one worker process`,
      verdicts: [
        {
          claim: `resident memory in the last fifth at most ${Math.round((FLAT_GROWTH - 1) * 100)} % above the second`,
          measured: `${second.residentMiB} -> ${last.residentMiB} MiB (heap in use ${second.heapMiB} -> ${last.heapMiB} MiB)`,
          kept: last.residentMiB <= second.residentMiB * FLAT_GROWTH,
        },
      ],
      figures: { seconds: round(seconds), tasks_per_second: Math.round(TASKS / seconds), fifths },
    };
  } finally {
    await redis.stop();
  }
}

async function runAll(redisUrl: string): Promise<Progress[]> {
  const samples: Progress[] = [];
  let done = 0;
  const producer = await startProducer('bus', redisUrl);
  const worker = await WorkerProcess.start('bus', {
    redisUrl,
    jobs: TASKS,
    onProgress: (progress) => {
      done = progress.done;
      samples.push(progress);
    },
  });
  const reporting = setInterval(() => report(samples.at(-1)), REPORT_EVERY_MS);
  try {
    const finished = worker.finished();
    await Promise.race([finished, keepFilled(() => done)]);
    await finished;
    report(samples.at(-1));
    return samples;
  } finally {
    clearInterval(reporting);
    await producer.close();
    await worker.stop();
  }

  async function keepFilled(doneSoFar: () => number): Promise<void> {
    let added = 0;
    while (added < TASKS) {
      if (added - doneSoFar() + JOBS_PER_CALL > MAX_WAITING) {
        await delay(LOOK_AGAIN_AFTER_MS);
        continue;
      }
      const first = added;
      const count = Math.min(JOBS_PER_CALL, TASKS - first);
      await producer.addMany(Array.from({ length: count }, (_, index) => benchParams(first + index)));
      added += count;
    }
  }
}

function report(progress: Progress | undefined): void {
  if (progress === undefined) return;
  const { done, rssBytes, heapUsedBytes } = progress;
  process.stdout.write(
    `  ${done} of ${TASKS} tasks, ${toMiB(rssBytes)} MiB resident, ${toMiB(heapUsedBytes)} MiB heap in use\n`,
  );
}

interface Fifth {
  readonly residentMiB: number;
  readonly heapMiB: number;
}

function fifth(samples: readonly Progress[], index: number): Fifth {
  const [from, to] = [(index * TASKS) / FIFTHS, ((index + 1) * TASKS) / FIFTHS];
  const taken = samples.filter(({ done }) => done > from && done <= to);
  return {
    residentMiB: toMiB(median(taken.map((it) => it.rssBytes))),
    heapMiB: toMiB(median(taken.map((it) => it.heapUsedBytes))),
  };
}

function toMiB(bytes: number): number {
  return Math.round((bytes / MEBIBYTE) * 10) / 10;
}
