import { startBus, type RunningBus } from '@bus/tools';

import { startBarePath } from '../bare/bare-path.ts';
import { AlertPublisher } from '../load/alert-publisher.ts';
import { COMMIT_TIMES_SETTINGS, commitTimes } from '../load/commit-times.ts';
import { LatencyRecorder, median, round, type LatencySummary } from '../load/latency-recorder.ts';
import { paced } from '../load/paced.ts';
import { settled } from '../load/settled.ts';
import { watchBarePath, watchNoc, type Viewer } from '../load/viewers.ts';
import type { ScenarioReport } from '../report.ts';

const ROUNDS = 5;
const PER_SECOND = 50;
const SECONDS = 12;
const WARM_UP_SECONDS = 4;
const TARGET_RATIO = 2.5;

interface Round {
  /** Until the alert was shown and its row committed. */
  readonly bus: LatencySummary;
  readonly bare: LatencySummary;
  readonly ratio: number;
}

/** One alert at 50/s: the bus beside the bare path, in turn, on the same broker and Redis. */
export async function alertLatency(): Promise<ScenarioReport> {
  const bus = await startBus({ benchPublisher: true, postgresSettings: COMMIT_TIMES_SETTINGS });
  const bare = await startBarePath({ redisUrl: bus.redisUrl, broker: bus.publisher });
  try {
    const watchBus = (onShown: (id: string) => void): Promise<Viewer> =>
      watchNoc(bus.gatewayUrls[0]!, bus.users.noc_operator, onShown);
    const watchBare = (onShown: (id: string) => void): Promise<Viewer> =>
      watchBarePath(bare.viewerUrl, onShown);
    const measureBare = (title: string, seconds: number): Promise<LatencySummary> =>
      measure(title, seconds, bus, watchBare, (recorder) => recorder.summary());
    const measureBus = (title: string, seconds: number): Promise<LatencySummary> =>
      measure(title, seconds, bus, watchBus, async (recorder, run) =>
        recorder.summaryWith(await commitTimes(bus.databaseUrl, run)),
      );
    await measureBus('warm-up', WARM_UP_SECONDS);
    await measureBare('warm-up', WARM_UP_SECONDS);
    const rounds: Round[] = [];
    for (let number = 1; number <= ROUNDS; number += 1) {
      const bareSummary = await measureBare(`round ${number} bare`, SECONDS);
      const busSummary = await measureBus(`round ${number} bus`, SECONDS);
      rounds.push({ bus: busSummary, bare: bareSummary, ratio: round(busSummary.p50Ms / bareSummary.p50Ms) });
    }
    const ratio = median(rounds.map((it) => it.ratio));
    return {
      scenario: 'alert-latency',
      what: `one alert at ${PER_SECOND}/s, from publish until it is on the operator's socket (sealed, and in the history) and its row is committed, whichever is later`,
      verdicts: [
        {
          claim: `median at most ${TARGET_RATIO} times the bare path's`,
          measured: `${ratio} times (bus ${median(rounds.map((it) => it.bus.p50Ms))} ms, bare ${median(rounds.map((it) => it.bare.p50Ms))} ms)`,
          kept: ratio <= TARGET_RATIO,
        },
      ],
      figures: { rounds },
    };
  } finally {
    await bare.stop();
    await bus.stop();
  }
}

async function measure(
  title: string,
  seconds: number,
  bus: RunningBus,
  watch: (onShown: (id: string) => void) => Promise<Viewer>,
  summarise: (recorder: LatencyRecorder, run: string) => LatencySummary | Promise<LatencySummary>,
): Promise<LatencySummary> {
  const recorder = new LatencyRecorder();
  const viewer = await watch((id) => recorder.shown(id));
  const publisher = await AlertPublisher.connect(bus.publisher);
  const run = `${title.replaceAll(' ', '-')}-${Date.now()}`;
  try {
    await paced({ perSecond: PER_SECOND, seconds }, (index) => {
      const id = `${run}-${index}`;
      recorder.sent(id);
      publisher.publish(id, bus.devices[index % 20]!.username);
    });
    await settled(() => recorder.shownCount === recorder.sentCount, 10_000);
    const summary = await summarise(recorder, run);
    process.stdout.write(
      `  ${title}: p50 ${summary.p50Ms} ms, p99 ${summary.p99Ms} ms, ${summary.count} shown\n`,
    );
    return summary;
  } finally {
    viewer.close();
    await publisher.close();
  }
}
