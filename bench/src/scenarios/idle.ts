import { setTimeout as delay } from 'node:timers/promises';

import { startBus } from '@bus/tools';

import { round } from '../load/latency-recorder.ts';
import { cpuSeconds, proportionalMemoryMiB } from '../load/memory.ts';
import type { ScenarioReport } from '../report.ts';

const IDLE_SECONDS = 20;
const MEMORY_TARGET_MIB = 700;
const START_TARGET_MS = 2000;

/** All apps with nothing to do: memory, CPU and how fast each one came up. */
export async function idle(): Promise<ScenarioReport> {
  const bus = await startBus({ benchPublisher: false });
  try {
    const cpuBefore = new Map(bus.apps.map((app) => [app.name, cpuSeconds(app.pid)]));
    await delay(IDLE_SECONDS * 1000);
    const apps = bus.apps.map((app) => ({
      app: app.name,
      start_ms: Math.round(app.startMs),
      proportional_mib: round(proportionalMemoryMiB(app.pid)),
      idle_cpu_percent: round(((cpuSeconds(app.pid) - cpuBefore.get(app.name)!) / IDLE_SECONDS) * 100),
    }));
    const total = round(apps.reduce((sum, app) => sum + app.proportional_mib, 0));
    const slowest = apps.reduce((left, right) => (right.start_ms > left.start_ms ? right : left));
    return {
      scenario: 'idle',
      what: 'all apps at idle, one of each',
      verdicts: [
        {
          claim: `all apps together at most ${MEMORY_TARGET_MIB} MiB of proportional memory`,
          measured: `${total} MiB`,
          kept: total <= MEMORY_TARGET_MIB,
        },
        {
          claim: `each app's start under ${START_TARGET_MS} ms`,
          measured: `slowest: ${slowest.app} ${slowest.start_ms} ms`,
          kept: slowest.start_ms < START_TARGET_MS,
        },
      ],
      figures: { apps, total_mib: total },
    };
  } finally {
    await bus.stop();
  }
}
