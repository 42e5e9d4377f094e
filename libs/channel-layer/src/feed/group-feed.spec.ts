import { describe, expect, it } from 'vitest';
import type { GroupPosition } from '../history/group-position.ts';
import type { PlacedEvent } from '../history/history-reader.ts';
import { SeededRandom } from '../fixtures/random.fixture.ts';
import { SimulatedHistory } from '../fixtures/simulated-history.fixture.ts';
import { GroupFeed } from './group-feed.ts';

type Output = { readonly event: PlacedEvent } | { readonly gap: string; readonly position: GroupPosition };

function follow(history: SimulatedHistory): { feed: GroupFeed; output: Output[]; failures: unknown[] } {
  const output: Output[] = [];
  const failures: unknown[] = [];
  const feed = new GroupFeed(
    'group',
    history,
    {
      event: (event) => output.push({ event }),
      gap: (reason, position) => output.push({ gap: reason, position }),
    },
    { holeEnded: () => undefined, misplaced: () => undefined, readFailed: (error) => failures.push(error) },
  );
  return { feed, output, failures };
}

const events = (output: readonly Output[]): PlacedEvent[] =>
  output.flatMap((item) => ('event' in item ? [item.event] : []));
const gaps = (output: readonly Output[]): string[] =>
  output.flatMap((item) => ('gap' in item ? [item.gap] : []));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const seeds = Array.from({ length: 150 }, (_, index) => index + 1);

const hear = (feed: GroupFeed, { epoch, event }: { epoch: string; event: PlacedEvent }): void =>
  feed.receive(epoch, event);

/** Pub/sub that loses, delays and repeats messages. */
class BadPubSub {
  readonly #late: (() => void)[] = [];
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  send(feed: GroupFeed, { epoch, event }: { epoch: string; event: PlacedEvent }): void {
    const deliver = (): void => hear(feed, { epoch, event });
    const fate = this.#random.next();
    if (fate < 0.15) return;
    if (fate < 0.35) this.#late.push(deliver);
    else deliver();
    if (fate > 0.95) deliver();
    if (this.#random.chance(0.3)) this.flush();
  }

  flush(): void {
    for (const deliver of this.#late.splice(0)) deliver();
  }
}

describe('GroupFeed', () => {
  it('delivers in order what comes in order, without reading', () => {
    const history = new SimulatedHistory(new SeededRandom(1));
    history.isAway = true;
    const { feed, output } = follow(history);
    for (let n = 0; n < 5; n += 1) {
      const { epoch, event } = history.append();
      feed.receive(epoch, event);
    }
    expect(events(output).map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5]);
  });

  it('starts with the first event it hears when nobody asked for a position', () => {
    const history = new SimulatedHistory(new SeededRandom(1));
    for (let n = 0; n < 9; n += 1) history.append();
    const { feed, output } = follow(history);
    const { epoch, event } = history.append();
    feed.receive(epoch, event);
    expect(events(output)).toEqual([event]);
    expect(feed.position).toMatchObject({ epoch, last: 10 });
  });

  it.each(seeds)('delivers each event once and in order over a bad pub/sub (seed %i)', async (seed) => {
    const random = new SeededRandom(seed);
    const history = new SimulatedHistory(random);
    const pubSub = new BadPubSub(random);
    const { feed, output } = follow(history);
    for (let n = random.below(5); n > 0; n -= 1) history.append();
    const started = feed.catchUp();
    const before = history.newest;
    for (let n = 0; n < 60; n += 1) {
      pubSub.send(feed, history.append());
      if (random.chance(0.4)) await turn();
    }
    pubSub.flush();
    await started;
    await feed.catchUp();
    const offsets = events(output).map(({ offset }) => offset);
    const first = offsets[0] ?? history.newest + 1;
    expect(offsets).toEqual(Array.from({ length: history.newest - first + 1 }, (_, index) => first + index));
    // Everything from the moment the start was asked for that was not counted in its answer.
    expect(first).toBeLessThanOrEqual(before + 60 + 1);
    expect(gaps(output)).toEqual([]);
  });

  it.each(seeds)(
    'never loses an event without a gap notice, whatever happens to the history (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed + 10_000);
      const history = new SimulatedHistory(random, 3 + random.below(20));
      const pubSub = new BadPubSub(random);
      const { feed, output } = follow(history);
      await feed.catchUp();
      for (let n = 0; n < 120; n += 1) {
        pubSub.send(feed, history.append());
        if (random.chance(0.03)) {
          history.loseNewest(1 + random.below(6));
          feed.interrupted();
        }
        if (random.chance(0.01)) {
          history.loseEverything();
          feed.interrupted();
        }
        if (random.chance(0.02)) history.isAway = !history.isAway;
        if (random.chance(0.05)) feed.catchUp().catch(() => undefined);
        if (random.chance(0.5)) await turn();
      }
      history.isAway = false;
      pubSub.flush();
      await feed.catchUp();

      // Between two gaps, what is delivered is one unbroken run, and no event is ever delivered twice.
      const identities = events(output).map(({ identity }) => identity);
      expect(new Set(identities).size).toBe(identities.length);
      const breaks = output.filter((item, index) => {
        const previous = output[index - 1];
        if (previous === undefined || 'gap' in item || 'gap' in previous) return false;
        return item.event.offset !== previous.event.offset + 1;
      });
      expect(breaks).toEqual([]);
      // What the history holds at the end was delivered, or lies before a gap notice.
      const lastGap = output.findLastIndex((item) => 'gap' in item);
      const gap = output[lastGap];
      const told = gap !== undefined && 'position' in gap ? Number(gap.position.offset) : 0;
      const afterGap = new Set(events(output.slice(lastGap + 1)).map(({ identity }) => identity));
      const page = await history.readAfter('group', told);
      for (const event of page.events)
        expect(afterGap.has(event.identity), `offset ${event.offset}`).toBe(true);
      expect(feed.position).toMatchObject({ epoch: history.epoch, last: history.newest });
    },
  );

  it('says so when the history is trimmed before it could be read', async () => {
    const history = new SimulatedHistory(new SeededRandom(3), 2);
    const { feed, output } = follow(history);
    await feed.catchUp();
    for (let n = 0; n < 6; n += 1) history.append();
    await feed.catchUp();
    expect(output[0]).toMatchObject({ gap: 'trimmed', position: { offset: '4' } });
    expect(events(output).map(({ offset }) => offset)).toEqual([5, 6]);
  });

  it('says so when Redis gave away offsets that had been delivered', async () => {
    const history = new SimulatedHistory(new SeededRandom(4));
    const { feed, output } = follow(history);
    await feed.catchUp();
    for (let n = 0; n < 4; n += 1) {
      const { epoch, event } = history.append();
      feed.receive(epoch, event);
    }
    history.loseNewest(2);
    const { epoch, event } = history.append();
    feed.receive(epoch, event);
    await feed.catchUp();
    expect(gaps(output)).toEqual(['rewritten']);
    expect(history.epoch).not.toBe(epoch);
    const next = history.append();
    feed.receive(next.epoch, next.event);
    expect(events(output).at(-1)).toEqual(next.event);
  });

  it('does not take a live event for the next one after an interruption that cost Redis events', async () => {
    const history = new SimulatedHistory(new SeededRandom(9));
    const { feed, output } = follow(history);
    await feed.catchUp();
    for (let n = 0; n < 5; n += 1) hear(feed, history.append());
    history.loseNewest(3);
    feed.interrupted();
    for (let n = 0; n < 3; n += 1) history.append();
    hear(feed, history.append());
    expect(events(output)).toHaveLength(5);
    await feed.catchUp();
    expect(gaps(output)).toEqual(['rewritten']);
    expect(feed.position?.last).toBe(6);
  });

  it('notices by one event at a place already taken that others there were replaced too', async () => {
    const history = new SimulatedHistory(new SeededRandom(10));
    const { feed, output } = follow(history);
    await feed.catchUp();
    for (let n = 0; n < 5; n += 1) hear(feed, history.append());
    history.loseNewest(3);
    const late = history.append();
    for (let n = 0; n < 2; n += 1) history.append();
    hear(feed, history.append());
    hear(feed, late);
    await feed.catchUp();
    expect(gaps(output)).toEqual(['rewritten']);
  });

  it('does not take a header at its word: an offset that the history does not have is dropped', async () => {
    const history = new SimulatedHistory(new SeededRandom(5));
    const { feed, output } = follow(history);
    await feed.catchUp();
    const { epoch, event } = history.append();
    feed.receive(epoch, { ...event, offset: 1_000_000 });
    await feed.catchUp();
    feed.receive(epoch, event);
    expect(events(output).map(({ offset }) => offset)).toEqual([1]);
  });

  it('does not deliver a copy that somebody wrote into the history', async () => {
    const history = new SimulatedHistory(new SeededRandom(6));
    const { feed, output } = follow(history);
    await feed.catchUp();
    const { epoch, event } = history.append();
    feed.receive(epoch, event);
    Object.assign(history.append().event, { identity: event.identity });
    await feed.catchUp();
    expect(events(output).map(({ offset }) => offset)).toEqual([1]);
    expect(feed.position?.last).toBe(2);
  });

  it('makes a start that failed good with a gap, and misses nothing after it', async () => {
    const history = new SimulatedHistory(new SeededRandom(8));
    const { feed, output } = follow(history);
    history.isAway = true;
    await expect(feed.catchUp()).rejects.toThrow('away');
    expect(feed.isFollowing).toBe(true);
    history.append();
    history.isAway = false;
    const { epoch, event } = history.append();
    feed.receive(epoch, event);
    await feed.catchUp();
    expect(output).toEqual([{ gap: 'unavailable', position: { epoch, offset: '1' } }, { event }]);
  });
});
