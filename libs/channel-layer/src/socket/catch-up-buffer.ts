import type { FeedListener, GroupFeed } from '../feed/group-feed.ts';
import type { GapReason } from '../history/group-position.ts';
import type { PlacedEvent } from '../history/history-reader.ts';

/** More than a feed delivers while one page of history is read. Beyond it, reading on is cheaper than remembering. */
const MAX_REMEMBERED = 2_000;

/** Remembers what a feed delivers while a socket that is not in the room yet catches up. */
export class CatchUpBuffer implements FeedListener {
  /** The feed gave events up meanwhile. */
  lost: GapReason | undefined;
  /** Not everything could be remembered: what is missing must be read from the history. */
  isIncomplete = false;
  readonly #events: PlacedEvent[] = [];
  readonly #stop: () => void;

  constructor(feed: GroupFeed) {
    this.#stop = feed.listen(this);
  }

  event(event: PlacedEvent): void {
    if (this.#events.length < MAX_REMEMBERED) this.#events.push(event);
    else this.isIncomplete = true;
  }

  gap(reason: GapReason): void {
    this.lost = reason;
  }

  /** What was delivered beyond an offset, in order. */
  after(offset: number): PlacedEvent[] {
    return this.#events.filter((event) => event.offset > offset);
  }

  close(): void {
    this.#stop();
  }
}
