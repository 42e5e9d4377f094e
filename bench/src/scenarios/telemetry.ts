import { execFile } from 'node:child_process';
import path from 'node:path';
import { setInterval as every } from 'node:timers/promises';
import { promisify } from 'node:util';

import { startBus, type RunningBus } from '@bus/tools';
import pg from 'pg';

import { median, round } from '../load/latency-recorder.ts';
import { proportionalMemoryMiB } from '../load/memory.ts';
import { settled } from '../load/settled.ts';
import type { ScenarioReport } from '../report.ts';

const TARGET_PER_SECOND = 5000;
/** More than the target, because the time until the last row is there counts, too. */
const PER_SECOND = 5250;
const SECONDS = 60;
/** A process at full rate takes this long to touch all the memory it will use. */
const WARM_UP_SECONDS = 45;
const DRAIN_LIMIT_MS = 30_000;
/** Growth of the last third over the middle third that still counts as flat: the heap breathes between collections. */
const FLAT_GROWTH = 1.1;

/** Telemetry into Postgres at more than 5,000 messages a second for a minute. */
export async function telemetry(): Promise<ScenarioReport> {
  const bus = await startBus({ benchPublisher: true });
  const database = new pg.Client({ connectionString: bus.databaseUrl });
  await database.connect();
  try {
    const countRows = async (): Promise<{ rows: number; distinct: number }> => {
      const result = await database.query<{ rows: number; distinct: number }>(
        `select count(*)::int as rows, count(distinct message_id)::int as distinct from device_telemetry where message_id like 't-%'`,
      );
      return result.rows[0]!;
    };
    await publish(bus, 'warm-up', WARM_UP_SECONDS);
    const samples = sampleMemory(bus);
    const startedAt = performance.now();
    const confirmed = await publish(bus, 't', SECONDS);
    await settled(async () => (await countRows()).rows >= confirmed, DRAIN_LIMIT_MS);
    const seconds = (performance.now() - startedAt) / 1000;
    const memory = await samples.stop();
    const { rows, distinct } = await countRows();
    const perSecond = Math.round(rows / seconds);
    return {
      scenario: 'telemetry',
      what: `${PER_SECOND} telemetry messages/s for ${SECONDS} s at QoS 1, from the broker to committed rows`,
      verdicts: [
        {
          claim: 'nothing lost, nothing twice',
          measured: `${PER_SECOND * SECONDS} published, ${confirmed} confirmed, ${rows} rows, ${distinct} distinct`,
          kept: confirmed === PER_SECOND * SECONDS && rows === confirmed && distinct === confirmed,
        },
        {
          claim: `at least ${TARGET_PER_SECOND} messages/s into Postgres`,
          measured: `${perSecond}/s over ${round(seconds)} s, from the first publish to the last row`,
          kept: perSecond >= TARGET_PER_SECOND,
        },
        {
          claim: 'memory flat',
          measured: Object.entries(memory)
            .map(([app, it]) => `${app} ${it.middleMiB} -> ${it.lastMiB} MiB`)
            .join(', '),
          kept: Object.values(memory).every((it) => it.lastMiB <= it.middleMiB * FLAT_GROWTH),
        },
      ],
      figures: { confirmed, rows, distinct, seconds: round(seconds), memory },
    };
  } finally {
    await database.end();
    await bus.stop();
  }
}

async function publish(bus: RunningBus, run: string, seconds: number): Promise<number> {
  const file = path.resolve(import.meta.dirname, '../load/telemetry-publisher.js');
  const { url, username, password } = bus.publisher;
  const args = [`--mqtt=${url}`, `--username=${username}`, `--password=${password}`];
  const load = [`--per-second=${PER_SECOND}`, `--seconds=${seconds}`, `--run=${run}`];
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args, ...load]);
  return Number(stdout.trim());
}

interface MemoryTrend {
  readonly middleMiB: number;
  readonly lastMiB: number;
}

function sampleMemory(bus: RunningBus): { stop(): Promise<Record<string, MemoryTrend>> } {
  const taken: Record<string, number[]> = {};
  const ending = new AbortController();
  const sampling = (async () => {
    try {
      for await (const _tick of every(1000, undefined, { signal: ending.signal })) {
        for (const app of bus.apps) (taken[app.name] ??= []).push(proportionalMemoryMiB(app.pid));
      }
    } catch (error) {
      if (!ending.signal.aborted) throw error;
    }
  })();
  return {
    async stop() {
      ending.abort();
      await sampling;
      return Object.fromEntries(
        Object.entries(taken).map(([name, values]) => {
          const third = Math.floor(values.length / 3);
          return [
            name,
            {
              middleMiB: round(median(values.slice(third, 2 * third))),
              lastMiB: round(median(values.slice(-third))),
            },
          ];
        }),
      );
    },
  };
}
