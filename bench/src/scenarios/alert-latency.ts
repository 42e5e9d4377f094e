import { startBus, type RunningBus } from '@bus/tools';

import { startBarePath } from '../bare/bare-path.ts';
import { AlertPublisher } from '../load/alert-publisher.ts';
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

/** One alert at 50/s: the bus beside the bare path, in turn, on the same broker and Redis. */
export async function alertLatency(): Promise<ScenarioReport> {
  const bus = await startBus({ benchPublisher: true });
  const bare = await startBarePath({ redisUrl: bus.redisUrl, broker: bus.publisher });
  try {
    const watchBus = (onShown: (id: string) => void): Promise<Viewer> =>
      watchNoc(bus.gatewayUrls[0]!, bus.users.noc_operator, onShown);
    const watchBare = (onShown: (id: string) => void): Promise<Viewer> =>
      watchBarePath(bare.viewerUrl, onShown);
    await measure('warm-up', WARM_UP_SECONDS, bus, watchBus);
    await measure('warm-up', WARM_UP_SECONDS, bus, watchBare);
    const rounds: { bus: LatencySummary; bare: LatencySummary; ratio: number }[] = [];
    for (let round_ = 1; round_ <= ROUNDS; round_ += 1) {
      const bareSummary = await measure(`round ${round_} bare`, SECONDS, bus, watchBare);
      const busSummary = await measure(`round ${round_} bus`, SECONDS, bus, watchBus);
      rounds.push({ bus: busSummary, bare: bareSummary, ratio: round(busSummary.p50Ms / bareSummary.p50Ms) });
    }
    const ratio = median(rounds.map((it) => it.ratio));
    return {
      scenario: 'alert-latency',
      what: `one alert at ${PER_SECOND}/s, from publish to the operator's socket; stored, sealed and in history before it is shown`,
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
    const summary = recorder.summary();
    process.stdout.write(
      `  ${title}: p50 ${summary.p50Ms} ms, p99 ${summary.p99Ms} ms, ${summary.count} shown\n`,
    );
    return summary;
  } finally {
    viewer.close();
    await publisher.close();
  }
}
