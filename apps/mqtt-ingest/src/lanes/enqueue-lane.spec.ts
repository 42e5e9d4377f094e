import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EnqueueLane } from './enqueue-lane.ts';
import type { LaneBarrier, LaneOptions } from './enqueue-lane.ts';
import type { LaneOutcome } from './lane-item.ts';

const HELD = { isHeld: true };
const AT_ONCE: LaneOptions = { maxMessages: 3, maxBytes: 100, maxWaitMs: 0, maxInFlight: 1 };

/** A stand-in for the task queue whose answers the spec decides. */
class Queue {
  readonly calls: { items: string[]; answer: (result: Error | 'ok') => void }[] = [];

  readonly send = (items: readonly string[]): Promise<readonly boolean[]> =>
    new Promise((resolve, reject) => {
      const answer = (result: Error | 'ok') =>
        result === 'ok' ? resolve(items.map((item) => item.endsWith('again'))) : reject(result);
      this.calls.push({ items: [...items], answer });
    });

  async answer(result: Error | 'ok'): Promise<void> {
    this.calls.at(-1)?.answer(result);
    await vi.advanceTimersByTimeAsync(0);
  }

  get sent(): string[][] {
    return this.calls.map(({ items }) => items);
  }
}

const OPEN: LaneBarrier = { mark: () => 0, passed: () => Promise.resolve() };

/** A stand-in for the barrier that lets pass, or says that Redis may have lost it, when the spec decides. */
class Barrier implements LaneBarrier {
  readonly marks: unknown[] = [];
  private readonly asked: { resolve: () => void; reject: (error: Error) => void }[] = [];

  mark(): number {
    return 7;
  }

  passed(mark: unknown): Promise<void> {
    this.marks.push(mark);
    return new Promise((resolve, reject) => this.asked.push({ resolve, reject }));
  }

  async letAllPass(): Promise<void> {
    for (const { resolve } of this.asked.splice(0)) resolve();
    await vi.advanceTimersByTimeAsync(0);
  }

  async loseAll(): Promise<void> {
    for (const { reject } of this.asked.splice(0)) reject(new Error('redis was killed'));
    await vi.advanceTimersByTimeAsync(0);
  }
}

const away = Object.assign(new Error('redis is away'), { isRetryable: true });
const tooLarge = Object.assign(new Error('too large'), { isRetryable: false });
let queue: Queue;

beforeEach(() => {
  vi.useFakeTimers();
  queue = new Queue();
});
afterEach(() => void vi.useRealTimers());

function kinds(outcomes: readonly LaneOutcome[]): string[] {
  return outcomes.map(({ kind }) => kind);
}

describe('an idle lane', () => {
  it('sends the first message at once and collects the next ones meanwhile, in order and bounded', async () => {
    const lane = new EnqueueLane('alerts', queue.send, OPEN, AT_ONCE);
    const outcomes = ['a', 'b', 'c', 'd', 'e'].map((item) => lane.submit(item, 1, HELD));
    expect(queue.sent).toEqual([['a']]);
    await queue.answer('ok');
    expect(queue.sent).toEqual([['a'], ['b', 'c', 'd']]);
    await queue.answer('ok');
    await queue.answer('ok');
    expect(queue.sent).toEqual([['a'], ['b', 'c', 'd'], ['e']]);
    expect(kinds(await Promise.all(outcomes))).toEqual(Array(5).fill('enqueued'));
  });

  it('says which messages were there before', async () => {
    const lane = new EnqueueLane('alerts', queue.send, OPEN, AT_ONCE);
    const outcome = lane.submit('a again', 1, HELD);
    await queue.answer('ok');
    expect(await outcome).toEqual({ kind: 'enqueued', duplicate: true });
  });
});

describe('a lane of batches', () => {
  const batches: LaneOptions = { maxMessages: 3, maxBytes: 100, maxWaitMs: 20, maxInFlight: 2 };

  it('sends when the batch is complete, or when its first message has waited long enough', async () => {
    const lane = new EnqueueLane('telemetry', queue.send, OPEN, batches);
    void lane.submit('a', 1, HELD);
    await vi.advanceTimersByTimeAsync(15);
    void lane.submit('b', 1, HELD);
    expect(queue.sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(10);
    expect(queue.sent).toEqual([['a', 'b']]);
    for (const item of ['c', 'd', 'e']) void lane.submit(item, 1, HELD);
    expect(queue.sent).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ]);
  });

  it('counts bytes, too, and sends a message larger than the limit alone', async () => {
    const lane = new EnqueueLane('telemetry', queue.send, OPEN, batches);
    void lane.submit('a', 60, HELD);
    void lane.submit('b', 60, HELD);
    expect(queue.sent).toEqual([['a']]);
    void lane.submit('huge', 500, HELD);
    expect(queue.sent).toEqual([['a'], ['b']]);
    await queue.answer('ok');
    expect(queue.sent.at(-1)).toEqual(['huge']);
  });
});

describe('a lane whose queue fails', () => {
  it('tries again until it works, keeps the order, and says so meanwhile', async () => {
    const lane = new EnqueueLane('alerts', queue.send, OPEN, AT_ONCE);
    const first = lane.submit('a', 1, HELD);
    const second = lane.submit('b', 1, HELD);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await queue.answer(away);
      expect(lane.currentFailure).toBe(away);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(queue.sent).toEqual(Array.from({ length: 6 }, () => ['a']));
    await queue.answer('ok');
    expect(lane.currentFailure).toBeUndefined();
    await queue.answer('ok');
    expect(queue.sent.at(-1)).toEqual(['b']);
    expect(kinds([await first, await second])).toEqual(['enqueued', 'enqueued']);
  });

  it('lets go of messages that the broker delivers again, and only of those', async () => {
    const lane = new EnqueueLane('telemetry', queue.send, OPEN, { ...AT_ONCE, maxWaitMs: 5 });
    const claim = { isHeld: true };
    const gone = lane.submit('a', 1, claim);
    const kept = lane.submit('b', 1, HELD);
    await vi.advanceTimersByTimeAsync(5);
    claim.isHeld = false;
    await queue.answer(away);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(queue.sent).toEqual([['a', 'b'], ['b']]);
    await queue.answer('ok');
    expect(kinds([await gone, await kept])).toEqual(['abandoned', 'enqueued']);
  });

  it('separates a message that can never be enqueued from its neighbours', async () => {
    const lane = new EnqueueLane('telemetry', queue.send, OPEN, { ...AT_ONCE, maxWaitMs: 5 });
    const outcomes = ['a', 'poison', 'c'].map((item) => lane.submit(item, 1, HELD));
    await queue.answer(tooLarge);
    await queue.answer('ok');
    await queue.answer(tooLarge);
    await queue.answer('ok');
    expect(queue.sent).toEqual([['a', 'poison', 'c'], ['a'], ['poison'], ['c']]);
    expect(await Promise.all(outcomes)).toEqual([
      { kind: 'enqueued', duplicate: false },
      { kind: 'unusable', reason: 'too large' },
      { kind: 'enqueued', duplicate: false },
    ]);
  });
});

describe('a lane whose Redis has not written yet', () => {
  const settled = (outcomes: readonly Promise<LaneOutcome>[]) => {
    const seen: LaneOutcome[] = [];
    for (const outcome of outcomes) void outcome.then((value) => seen.push(value));
    return seen;
  };

  it('sends the next messages on, but calls none enqueued until Redis keeps it', async () => {
    const barrier = new Barrier();
    const lane = new EnqueueLane('alerts', queue.send, barrier, AT_ONCE);
    const seen = settled(['a', 'b'].map((item) => lane.submit(item, 1, HELD)));
    await queue.answer('ok');
    await queue.answer('ok');
    expect(queue.sent).toEqual([['a'], ['b']]);
    expect({ seen, marks: barrier.marks }).toEqual({ seen: [], marks: [7, 7] });
    await barrier.letAllPass();
    expect(kinds(seen)).toEqual(['enqueued', 'enqueued']);
  });

  it('sends what Redis may have lost again, before everything newer and in order, and settles each once', async () => {
    const barrier = new Barrier();
    const lane = new EnqueueLane('alerts', queue.send, barrier, AT_ONCE);
    const claim = { isHeld: true };
    const outcomes = [lane.submit('a', 1, HELD), lane.submit('b', 1, claim), lane.submit('c', 1, HELD)];
    await queue.answer('ok');
    await queue.answer('ok');
    outcomes.push(lane.submit('d', 1, HELD));
    const seen = settled(outcomes);
    // 'd' fails first, as it can when Redis dies; what was confirmed before is lost, too.
    await queue.answer(away);
    await barrier.loseAll();
    claim.isHeld = false;
    expect(lane.currentFailure?.message).toBe('redis was killed');
    expect(seen).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    for (let count = 0; count < 3; count += 1) await queue.answer('ok');
    expect(queue.sent).toEqual([['a'], ['b', 'c'], ['d'], ['a'], ['c'], ['d']]);
    await barrier.letAllPass();
    expect(kinds(await Promise.all(outcomes))).toEqual(['enqueued', 'abandoned', 'enqueued', 'enqueued']);
    expect(lane.currentFailure).toBeUndefined();
  });

  it('does not take what it sends again for somebody else’s', async () => {
    const barrier = new Barrier();
    const lane = new EnqueueLane(
      'alerts',
      (items: readonly string[]) => queue.send(items).then(() => items.map(() => queue.calls.length > 1)),
      barrier,
      AT_ONCE,
    );
    const outcome = lane.submit('a', 1, HELD);
    await queue.answer('ok');
    await barrier.loseAll();
    await vi.advanceTimersByTimeAsync(1_000);
    await queue.answer('ok');
    await barrier.letAllPass();
    expect(queue.sent).toEqual([['a'], ['a']]);
    expect(await outcome).toEqual({ kind: 'enqueued', duplicate: false });
  });

  it('is not drained before, and abandons what is lost after it was stopped', async () => {
    const barrier = new Barrier();
    const lane = new EnqueueLane('alerts', queue.send, barrier, AT_ONCE);
    const outcome = lane.submit('a', 1, HELD);
    await queue.answer('ok');
    let isDrained = false;
    const drained = lane.drain().then(() => (isDrained = true));
    await vi.advanceTimersByTimeAsync(100);
    expect(isDrained).toBe(false);
    lane.stop();
    await barrier.loseAll();
    expect((await outcome).kind).toBe('abandoned');
    await drained;
    expect(queue.sent).toEqual([['a']]);
  });
});

describe('the end', () => {
  it('drains without waiting for incomplete batches', async () => {
    const lane = new EnqueueLane('telemetry', queue.send, OPEN, { ...AT_ONCE, maxWaitMs: 60_000 });
    const outcome = lane.submit('a', 1, HELD);
    const drained = lane.drain();
    await queue.answer('ok');
    await drained;
    expect((await outcome).kind).toBe('enqueued');
    await lane.drain();
  });

  it('abandons what is left when stopped, and what comes later', async () => {
    const lane = new EnqueueLane('alerts', queue.send, OPEN, AT_ONCE);
    const outcomes = ['a', 'b'].map((item) => lane.submit(item, 1, HELD));
    await queue.answer(away);
    lane.stop();
    await vi.advanceTimersByTimeAsync(1_000);
    outcomes.push(lane.submit('c', 1, HELD));
    expect(kinds(await Promise.all(outcomes))).toEqual(['abandoned', 'abandoned', 'abandoned']);
    expect(queue.sent).toEqual([['a']]);
  });
});
