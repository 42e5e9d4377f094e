import type { LogHead } from '../history/group-log.ts';
import type { GapReason, GroupPosition } from '../history/group-position.ts';
import type { HistoryPage, HistoryReader, PlacedEvent } from '../history/history-reader.ts';
import { ReadOrder } from '../history/read-order.ts';
import { RecentEvents } from './recent-events.ts';

/** The part of `HistoryReader` a feed needs. */
export type FeedSource = Pick<HistoryReader, 'head' | 'readAfter'>;

/** Someone a feed tells about everything it delivers, in order, synchronously. Must not throw. */
export interface FeedListener {
  event(event: PlacedEvent): void;
  /** Events before `position` were lost and will not be delivered; what follows comes after it. */
  gap(reason: GapReason, position: GroupPosition): void;
}

/** What a feed reports to its owner besides what it delivers. */
export interface FeedObserver {
  /** A hole in the live feed was closed from history, or given up as lost. */
  holeEnded(result: 'filled' | 'lost'): void;
  /** An authentic frame stood at a place where it does not belong. */
  misplaced(): void;
  /** The history could not be read; the feed stays where it is and tries again later. */
  readFailed(error: unknown): void;
}

/** Live events held back while the history is asked. It has whatever does not fit. */
const MAX_HELD = 1_000;

interface Place {
  readonly epoch: string;
  /** Offset of the last event delivered, or given up. */
  last: number;
  /** Identity of the event at `last`, when this feed knows it. */
  lastIdentity: number | undefined;
}

/**
 * The ordered stream of one group in one gateway: every event after its start exactly once, in the order of the
 * history, or an explicit gap. Live events come from pub/sub; whatever pub/sub lost comes from the history.
 *
 * An event that is next in line is delivered at once. Any other one is held until the history was read: the history
 * decides what is true up to its newest event, and what was held follows after that. `catchUp` is the only thing
 * that reads, one reading at a time, and the only one that changes the epoch.
 */
export class GroupFeed {
  readonly group: string;
  readonly #source: FeedSource;
  readonly #output: FeedListener;
  readonly #observer: FeedObserver;
  readonly #listeners = new Set<FeedListener>();
  readonly #recent = new RecentEvents();
  readonly #held = new Map<number, PlacedEvent>();
  #heldEpoch = '';
  #place: Place | undefined;
  #reading: Promise<void> | undefined;
  #readingAfter: Promise<void> | undefined;
  /** Somebody needed the position and could not get it: until then, nothing may be taken for the beginning. */
  #isOverdue = false;
  /** Interruptions so far, and how many of them the history has cleared up. */
  #interruptions = 0;
  #clearedUp = 0;
  /** Offset at which another event than the delivered one was heard. */
  #suspect: number | undefined;

  constructor(group: string, source: FeedSource, output: FeedListener, observer: FeedObserver) {
    this.group = group;
    this.#source = source;
    this.#output = output;
    this.#observer = observer;
  }

  /** Where this feed stands: the last event delivered. Undefined until it has started. */
  get position(): Readonly<Pick<Place, 'epoch' | 'last'>> | undefined {
    return this.#place;
  }

  /** Whether anybody relies on this feed being complete. One that merely waits for a first event is not that far. */
  get isFollowing(): boolean {
    return this.#place !== undefined || this.#isOverdue;
  }

  /** Starts to tell `listener` too, from the next event on. Call the result to stop. */
  listen(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Tells that the subscription was interrupted, perhaps because Redis restarted or failed over and lost events.
   * Until the history confirms the last event, nothing live counts as the next one.
   */
  interrupted(): void {
    this.#interruptions += 1;
  }

  get #isInDoubt(): boolean {
    return this.#clearedUp < this.#interruptions;
  }

  /** Takes an event from pub/sub, in whatever order it comes. */
  receive(epoch: string, event: PlacedEvent): void {
    if (this.#place === undefined && this.#reading === undefined && !this.#isOverdue) {
      // Nobody asked for a position yet: the stream starts with the first event heard.
      this.#place = { epoch, last: event.offset - 1, lastIdentity: undefined };
    }
    const place = this.#place;
    if (place === undefined || this.#isInDoubt || epoch !== place.epoch || event.offset > place.last + 1) {
      this.#hold(epoch, event);
      return this.#catchUpSoon();
    }
    if (event.offset === place.last + 1) {
      this.#deliver(place, event);
      if (this.#held.size > 0) this.#catchUpSoon();
      return;
    }
    // A late copy of what the history gave already is normal. Another event at the same offset is not.
    const delivered = this.#recent.identityAt(event.offset);
    if (delivered === undefined || delivered === event.identity) return;
    this.#suspect = event.offset;
    this.#catchUpSoon();
  }

  /** Takes what somebody else read from the history, if it continues this feed. Changes neither epoch nor gaps. */
  offer(page: HistoryPage): void {
    const place = this.#place;
    if (place?.epoch !== page.epoch || this.#isInDoubt || page.missing !== undefined) return;
    for (const event of page.events) {
      if (event.offset === place.last + 1) this.#deliver(place, event);
    }
  }

  /** Whether the history went on (or away) without this feed, as far as the head of the history tells. */
  isBehind(head: LogHead): boolean {
    if (this.#place === undefined || this.#isInDoubt || this.#held.size > 0) return this.isFollowing;
    return head === null || head.epoch !== this.#place.epoch || head.newest > this.#place.last;
  }

  /**
   * Reads the history until this feed has everything that was in it when this was called; starts the feed if need be.
   * Rejects when Redis does not answer; the feed then stays where it was.
   */
  catchUp(): Promise<void> {
    if (this.#reading === undefined) {
      this.#reading = this.#read().finally(() => (this.#reading = undefined));
      return this.#reading;
    }
    // The reading under way may have asked Redis before the caller called.
    this.#readingAfter ??= this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#readingAfter = undefined;
        return this.catchUp();
      });
    return this.#readingAfter;
  }

  #catchUpSoon(): void {
    // A reading under way does not end while anything is held or suspect, so it takes care of this too.
    if (this.#reading !== undefined) return;
    this.catchUp().catch((error: unknown) => this.#observer.readFailed(error));
  }

  async #read(): Promise<void> {
    if (this.#place === undefined) {
      this.#place = await this.#start();
      if (this.#held.size === 0) return;
    }
    let place = this.#place;
    const order = new ReadOrder();
    let lostEpoch: string | undefined;
    for (;;) {
      const asked = { ...place };
      const heldBefore = [...this.#held.keys()];
      const interruptions = this.#interruptions;
      const suspect = this.#suspect;
      const after = Math.min(suspect ?? asked.last, asked.last);
      const expected = after === asked.last ? asked.lastIdentity : this.#recent.identityAt(after);
      const page = await this.#source.readAfter(this.group, after, { order, lostEpoch });
      if (page.epoch !== asked.epoch) {
        place = this.#begin(page, lostEpoch === undefined ? 'epoch_changed' : 'rewritten');
        lostEpoch = undefined;
        continue;
      }
      if (page.newest < asked.last || isOther(page.anchor, expected)) {
        // Redis lost events that were delivered here. Their offsets must not be mistaken for others.
        lostEpoch = page.epoch;
        continue;
      }
      this.#clearedUp = interruptions;
      if (this.#suspect === suspect) this.#suspect = undefined;
      // The event at a place this feed never delivered becomes known now, so that it is missed if it changes.
      if (place.last === after) place.lastIdentity ??= page.anchor;
      this.#take(place, page);
      if (page.readTo < page.newest) continue;
      this.#deliverHeld(place, page.newest, heldBefore);
      if (this.#held.size === 0 && this.#suspect === undefined) return;
    }
  }

  async #start(): Promise<Place> {
    const wasOverdue = this.#isOverdue;
    this.#isOverdue = true;
    const { epoch, newest, anchor } = await this.#source.head(this.group);
    this.#isOverdue = false;
    // What was heard while asking belongs to whoever joined meanwhile, even when the answer already counts it.
    const held = this.#heldEpoch === epoch ? [...this.#held.keys()] : [];
    const last = Math.min(newest, ...held.map((offset) => offset - 1));
    const place: Place = { epoch, last, lastIdentity: last === newest ? anchor : undefined };
    if (wasOverdue) this.#gap(place, 'unavailable');
    return place;
  }

  #begin({ epoch, base }: HistoryPage, reason: GapReason): Place {
    this.#recent.clear();
    this.#suspect = undefined;
    const place: Place = { epoch, last: base, lastIdentity: undefined };
    this.#place = place;
    this.#gap(place, reason);
    return place;
  }

  #take(place: Place, page: HistoryPage): void {
    const before = place.last;
    let isTold = false;
    const skipTo = (offset: number): void => {
      if (offset <= place.last) return;
      place.last = offset;
      place.lastIdentity = undefined;
      if (!isTold) this.#gap(place, page.missing ?? 'unreadable');
      isTold = true;
    };
    for (const event of page.events) {
      if (event.offset <= place.last) continue;
      skipTo(event.offset - 1);
      if (!this.#recent.isElsewhere(event.identity, event.offset)) {
        this.#deliver(place, event);
        continue;
      }
      // A copy of an event that was delivered under another offset: somebody wrote it into the history.
      this.#observer.misplaced();
      place.last = event.offset;
      place.lastIdentity = event.identity;
    }
    skipTo(page.readTo);
    if (!isTold && place.last > before) this.#observer.holeEnded('filled');
  }

  #gap(place: Place, reason: GapReason): void {
    this.#observer.holeEnded('lost');
    const position = { epoch: place.epoch, offset: String(place.last) };
    this.#output.gap(reason, position);
    for (const listener of this.#listeners) listener.gap(reason, position);
  }

  #deliver(place: Place, event: PlacedEvent): void {
    place.last = event.offset;
    place.lastIdentity = event.identity;
    this.#recent.add(event.offset, event.identity);
    this.#output.event(event);
    for (const listener of this.#listeners) listener.event(event);
  }

  #hold(epoch: string, event: PlacedEvent): void {
    if (this.#heldEpoch !== epoch) {
      this.#held.clear();
      this.#heldEpoch = epoch;
    }
    if (this.#held.size < MAX_HELD) this.#held.set(event.offset, event);
  }

  /** Goes on with what was held, after a reading up to `newest` delivered everything before it. */
  #deliverHeld(place: Place, newest: number, heldBefore: readonly number[]): void {
    const isOtherEpoch = this.#heldEpoch !== place.epoch;
    // What was heard before the reading and is not in it stood under a header that is not true, or is not any more.
    for (const offset of heldBefore) {
      if ((isOtherEpoch || offset > newest) && this.#held.delete(offset)) this.#observer.misplaced();
    }
    if (isOtherEpoch || this.#isInDoubt) return;
    for (const offset of this.#held.keys()) if (offset <= newest) this.#held.delete(offset);
    for (let next = this.#held.get(place.last + 1); next; next = this.#held.get(place.last + 1)) {
      this.#held.delete(next.offset);
      this.#deliver(place, next);
    }
  }
}

/** Whether two identities are known and differ. */
function isOther(found: number | undefined, expected: number | undefined): boolean {
  return found !== undefined && expected !== undefined && found !== expected;
}
