import { startBus, type RunningBus } from '@bus/tools';
import pg from 'pg';

import { AlertPublisher } from '../load/alert-publisher.ts';
import { LatencyRecorder } from '../load/latency-recorder.ts';
import { paced } from '../load/paced.ts';
import { settled } from '../load/settled.ts';
import { watchNoc } from '../load/viewers.ts';
import type { ScenarioReport, Verdict } from '../report.ts';

interface AlertLoad {
  readonly perSecond: number;
  readonly seconds: number;
  /** How long after the last publish the run waits for the rest. */
  readonly graceMs: number;
}

/** 500 alerts a second for a minute. */
export async function alertRate(): Promise<ScenarioReport> {
  const load = { perSecond: 500, seconds: 60, graceMs: 20_000 };
  const run = await withBus((bus) => runLoad(bus, load));
  const { p99Ms } = run.latency;
  return {
    scenario: 'alert-rate',
    what: `${load.perSecond} alerts/s for ${load.seconds} s, each stored, sealed, in history and on an operator's socket`,
    verdicts: [
      nothingLost(run),
      { claim: 'p99 under 1 s', measured: `${p99Ms} ms (p50 ${run.latency.p50Ms} ms)`, kept: p99Ms < 1000 },
    ],
    figures: { ...run },
  };
}

/** 8,000 alerts in five seconds. */
export async function alertStorm(): Promise<ScenarioReport> {
  const load = { perSecond: 1600, seconds: 5, graceMs: 30_000 };
  const run = await withBus((bus) => runLoad(bus, load));
  return {
    scenario: 'alert-storm',
    what: '8,000 alerts in 5 s from a standing start',
    verdicts: [
      nothingLost(run),
      {
        claim: 'every alert on screen within 10 s of the storm’s begin',
        measured: `${run.spanSeconds} s`,
        kept: run.spanSeconds <= 10,
      },
    ],
    figures: { ...run },
  };
}

async function withBus<T>(use: (bus: RunningBus) => Promise<T>): Promise<T> {
  const bus = await startBus({ benchPublisher: true });
  try {
    return await use(bus);
  } finally {
    await bus.stop();
  }
}

interface AlertRun {
  readonly published: number;
  readonly stored: number;
  readonly shown: number;
  readonly shownTwice: number;
  readonly spanSeconds: number;
  readonly latency: ReturnType<LatencyRecorder['summary']>;
}

async function runLoad(bus: RunningBus, load: AlertLoad): Promise<AlertRun> {
  const recorder = new LatencyRecorder();
  const viewer = await watchNoc(bus.gatewayUrls[0]!, bus.users.noc_operator, (id) => recorder.shown(id));
  const publisher = await AlertPublisher.connect(bus.publisher);
  const database = new pg.Client({ connectionString: bus.databaseUrl });
  await database.connect();
  try {
    const published = await paced(
      {
        ...load,
        onProgress: (issued) => process.stdout.write(`\r  ${issued} published, ${recorder.shownCount} shown`),
      },
      (index) => {
        const id = `load-${index}`;
        recorder.sent(id);
        publisher.publish(id, bus.devices[index % bus.devices.length]!.username);
      },
    );
    await settled(() => recorder.shownCount === published, load.graceMs);
    process.stdout.write(`\r  ${published} published, ${recorder.shownCount} shown\n`);
    const { rows } = await database.query<{ stored: number }>(
      `select count(*)::int as stored from device_alerts where message_id like 'load-%'`,
    );
    return {
      published,
      stored: rows[0]!.stored,
      shown: recorder.shownCount,
      shownTwice: recorder.duplicates,
      spanSeconds: Math.round(recorder.spanMs / 10) / 100,
      latency: recorder.summary(),
    };
  } finally {
    await database.end();
    await publisher.close();
    viewer.close();
  }
}

function nothingLost(run: AlertRun): Verdict {
  return {
    claim: 'nothing lost, nothing twice',
    measured: `${run.published} published, ${run.stored} stored, ${run.shown} shown, ${run.shownTwice} twice`,
    kept: run.stored === run.published && run.shown === run.published && run.shownTwice === 0,
  };
}
