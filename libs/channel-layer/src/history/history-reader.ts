import type { EventEnvelope } from '@bus/payload-schemas';
import { decodeEnvelope } from '../broadcast/envelope-codec.ts';
import type { ChannelMetrics } from '../channel-metrics.ts';
import type { Opener } from '../seal/opener.ts';
import type { GroupLog } from './group-log.ts';
import type { GapReason } from './group-position.ts';
import { ReadOrder } from './read-order.ts';

/** An event at its place in a group's history. */
export interface PlacedEvent {
  readonly offset: number;
  /** Equal for copies of one sealed frame, different for any two. */
  readonly identity: number;
  readonly envelope: EventEnvelope;
}

/** Where a history stands. */
export interface HistoryHead {
  readonly epoch: string;
  /** Newest offset; 0 when there are no events yet. */
  readonly newest: number;
  /** Offset at which the epoch began. */
  readonly base: number;
  /** Identity of the event at the place asked about, when the history still has it. */
  readonly anchor: number | undefined;
}

/** What a history holds after a place. */
export interface HistoryPage extends HistoryHead {
  /** Every event that could be opened, oldest first. */
  readonly events: readonly PlacedEvent[];
  /** Offset up to which this page tells all there is. */
  readonly readTo: number;
  /** Why events between the place and `readTo` are missing from `events`. */
  readonly missing: Extract<GapReason, 'trimmed' | 'unreadable'> | undefined;
}

/** Opened per page: at about eight microseconds each this holds the event loop for less than two milliseconds. */
export const PAGE_EVENTS = 200;

/** Reads group histories and opens what they hold. Rejects when Redis does not answer within about two seconds. */
export class HistoryReader {
  readonly #log: GroupLog;
  readonly #opener: Opener;
  readonly #metrics: ChannelMetrics;

  constructor(log: GroupLog, opener: Opener, metrics: ChannelMetrics) {
    this.#log = log;
    this.#opener = opener;
    this.#metrics = metrics;
  }

  /** The state of a group, with the newest event as anchor. A group that never had one gets its epoch now. */
  async head(group: string): Promise<HistoryHead> {
    const { epoch, newest, base, entries } = await this.#log.read(group, 'newest', 1);
    const [entry] = entries;
    const event =
      entry && this.#open(group, this.#log.channelOf(group), epoch, newest, entry.sealed, new ReadOrder());
    return { epoch, newest, base, anchor: event?.identity };
  }

  /**
   * The events after offset `after`, at most `limit`. Pass one `order` along when reading on.
   * `lostEpoch` names an epoch the caller knows to have lost events, see `GroupLog.read`.
   */
  async readAfter(
    group: string,
    after: number,
    {
      limit = PAGE_EVENTS,
      order = new ReadOrder(),
      lostEpoch,
    }: { limit?: number; order?: ReadOrder; lostEpoch?: string } = {},
  ): Promise<HistoryPage> {
    // The entry at the place itself is read along: it proves that the place belongs to this history.
    const hasAnchor = after > 0;
    const page = await this.#log.read(group, hasAnchor ? after : 1, hasAnchor ? limit + 1 : limit, lostEpoch);
    const channel = this.#log.channelOf(group);
    const events: PlacedEvent[] = [];
    let anchor: number | undefined;
    let readTo = after;
    let missing: HistoryPage['missing'];
    for (const { offset, sealed } of page.entries) {
      const event = this.#open(group, channel, page.epoch, offset, sealed, order);
      if (offset <= after) {
        anchor = event?.identity;
        continue;
      }
      if (offset > readTo + 1) missing ??= readTo === after ? 'trimmed' : 'unreadable';
      if (event === undefined) missing ??= 'unreadable';
      else events.push(event);
      readTo = offset;
    }
    const isShort = page.entries.length < (hasAnchor ? limit + 1 : limit);
    if (isShort && page.newest > readTo) {
      missing ??= readTo === after ? 'trimmed' : 'unreadable';
      readTo = page.newest;
    }
    return { epoch: page.epoch, newest: page.newest, base: page.base, events, readTo, missing, anchor };
  }

  #open(
    group: string,
    channel: string,
    epoch: string,
    offset: number,
    sealed: Buffer,
    order: ReadOrder,
  ): PlacedEvent | undefined {
    const opened = this.#opener.openStored(channel, sealed);
    if (!opened.ok) return this.#refuse(opened.reason);
    if (!order.accept(offset, opened.identity, opened.sealedAt)) return this.#refuse('replayed');
    const envelope = decodeEnvelope(opened.content, { group, epoch, offset });
    if (envelope === undefined) return this.#refuse('malformed');
    return { offset, identity: opened.identity, envelope };
  }

  #refuse(reason: Parameters<ChannelMetrics['rejected']>[0]): undefined {
    this.#metrics.rejected(reason);
    return undefined;
  }
}
