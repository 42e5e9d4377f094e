import type { Socket } from 'socket.io';
import type { GroupFeed } from '../feed/group-feed.ts';
import type { GroupOutput } from '../feed/group-output.ts';
import { parseOffset } from '../history/group-history.ts';
import type { GapReason, GroupPosition } from '../history/group-position.ts';
import type { HistoryReader, PlacedEvent } from '../history/history-reader.ts';
import { ReadOrder } from '../history/read-order.ts';
import { CatchUpBuffer } from './catch-up-buffer.ts';
import type { GroupRequest, GroupResult } from './group-result.ts';

/** Where a join stands after `prepare`: the history was emitted up to here, `buffer` has what the feed gave since. */
interface CaughtUp {
  readonly epoch: string;
  readonly offset: number;
  readonly buffer: CatchUpBuffer;
}

/**
 * One socket on its way into one group.
 *
 * `prepare` emits the history page by page and may take a while, during which the socket is not in the room and a
 * buffer remembers what the feed delivers. `finish` is synchronous: it emits the rest and joins the room, so that
 * no event can come in between.
 */
export class GroupJoin {
  readonly group: string;
  readonly #socket: Socket;
  readonly #position: GroupPosition | undefined;
  readonly #feed: GroupFeed;
  readonly #reader: HistoryReader;
  readonly #output: GroupOutput;
  #replayed = 0;
  #gap: GapReason | undefined;
  #caughtUp: CaughtUp | undefined;

  constructor(
    socket: Socket,
    { group, position }: GroupRequest,
    feed: GroupFeed,
    reader: HistoryReader,
    output: GroupOutput,
  ) {
    this.group = group;
    this.#socket = socket;
    this.#position = position;
    this.#feed = feed;
    this.#reader = reader;
    this.#output = output;
  }

  /** Emits what was missed until only a synchronous step is left. Rejects when Redis does not answer. */
  async prepare(): Promise<void> {
    if (this.#feed.position === undefined) await this.#feed.catchUp();
    if (this.#position === undefined || this.#socket.rooms.has(this.group)) return;
    const offset = parseOffset(this.#position.offset);
    if (offset === undefined) this.#gap = 'malformed';
    else await this.#replayFrom(this.#position.epoch, offset);
  }

  /** Whether `finish` can keep the promise. Otherwise `resume` has to read on; another group kept this one waiting. */
  get isReady(): boolean {
    if (this.#caughtUp === undefined) return true;
    return (
      !this.#caughtUp.buffer.isIncomplete && this.#hasReached(this.#caughtUp.epoch, this.#caughtUp.offset)
    );
  }

  /** Goes on where `prepare` ended. Rejects when Redis does not answer. */
  async resume(): Promise<void> {
    const caughtUp = this.#caughtUp;
    if (caughtUp === undefined) return;
    this.#caughtUp = undefined;
    caughtUp.buffer.close();
    await this.#replayFrom(caughtUp.epoch, caughtUp.offset);
  }

  /** Joins the room. The socket hears every event after the position of the result. `failure` overrides the result. */
  finish(failure?: GapReason): GroupResult {
    const caughtUp = this.#caughtUp;
    this.#caughtUp = undefined;
    caughtUp?.buffer.close();
    if (caughtUp !== undefined && failure === undefined) {
      this.#replay(caughtUp.buffer.after(caughtUp.offset));
    }
    // Joining a socket that is gone would leave it in the room for ever.
    if (this.#socket.connected) void this.#socket.join(this.group);
    const { epoch, last } = this.#feed.position ?? { epoch: '', last: 0 };
    const place = { group: this.group, replayed: this.#replayed, epoch, offset: String(last) };
    const reason = failure ?? this.#gap ?? caughtUp?.buffer.lost;
    if (reason !== undefined) return { ...place, result: 'gap', reason };
    return { ...place, result: this.#replayed > 0 ? 'replayed' : 'live' };
  }

  async #replayFrom(epoch: string, position: number): Promise<void> {
    const order = new ReadOrder();
    let offset = position;
    let isFeedFresh = false;
    while (this.#socket.connected) {
      if (!this.#hasReached(epoch, offset)) {
        // The position is from a history that is gone, unless this feed is only behind the one it came from.
        if (isFeedFresh) {
          this.#gap = this.#feed.position?.epoch === epoch ? 'ahead' : 'epoch_changed';
          return;
        }
        await this.#feed.catchUp();
        isFeedFresh = true;
        continue;
      }
      const buffer = new CatchUpBuffer(this.#feed);
      if (this.#feed.position?.last === offset) {
        this.#caughtUp = { epoch, offset, buffer };
        return;
      }
      try {
        const page = await this.#reader.readAfter(this.group, offset, { order });
        // Synchronous from here to the end of the round, so that no live event comes in between.
        if (page.epoch !== epoch || page.newest < offset) {
          await this.#feed.catchUp();
          isFeedFresh = true;
          continue;
        }
        if (page.missing !== undefined) {
          this.#gap = page.missing;
          return;
        }
        this.#replay(page.events);
        offset = page.readTo;
        if (offset < page.newest || buffer.isIncomplete) continue;
        // If the history was ahead of the feed, the feed takes what was read: nobody has to wait for anybody.
        this.#feed.offer(page);
        if (this.#hasReached(epoch, offset)) {
          this.#caughtUp = { epoch, offset, buffer };
          return;
        }
        await this.#feed.catchUp();
        isFeedFresh = true;
      } finally {
        if (this.#caughtUp === undefined) buffer.close();
      }
    }
  }

  #hasReached(epoch: string, offset: number): boolean {
    const { position } = this.#feed;
    return position?.epoch === epoch && position.last >= offset;
  }

  #replay(events: readonly PlacedEvent[]): void {
    for (const { envelope } of events) this.#output.replay(this.#socket, envelope);
    this.#replayed += events.length;
  }
}
