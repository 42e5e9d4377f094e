import { Logger } from '@nestjs/common';
import { OFFSET_PATTERN, type EventEnvelope } from '@bus/payload-schemas';
import { ThrottledLog } from '../throttled-log.ts';
import { PAGE_EVENTS, type HistoryReader } from './history-reader.ts';
import type { GapReason, GroupPosition, HistoryResult, LatestEvents } from './group-position.ts';
import { ReadOrder } from './read-order.ts';

/** Answers what happened in a group: for the `history` request of a browser, and for a process that reads along. */
export class GroupHistory {
  readonly #reader: HistoryReader;
  readonly #log = new ThrottledLog(new Logger(GroupHistory.name));

  constructor(reader: HistoryReader) {
    this.#reader = reader;
  }

  /** Where the group stands now. Rejects when Redis does not answer within about two seconds. */
  async position(group: string): Promise<GroupPosition> {
    const { epoch, newest } = await this.#reader.head(group);
    return { epoch, offset: String(newest) };
  }

  /**
   * Every event after `position` in order, at most `limit` (default 1000), or a gap with its reason.
   * Never rejects: when Redis does not answer, that is a gap of reason `unavailable`, at the position asked for.
   */
  async since(group: string, position: GroupPosition, limit = 1_000): Promise<HistoryResult> {
    const asked = parseOffset(position.offset);
    if (asked === undefined) return gap('malformed', position);
    try {
      return await this.#read(group, position.epoch, asked, Math.max(1, limit));
    } catch (error) {
      this.#log.warn('since', `A group history could not be read: ${String(error)}`);
      return gap('unavailable', position);
    }
  }

  /**
   * The newest events in order, at most `limit` (default 1000), to begin where no position is known. What the history
   * has lost or cannot open is left out without a word. Rejects when Redis does not answer within about two seconds.
   */
  async latest(group: string, limit = 1_000): Promise<LatestEvents> {
    const head = await this.#reader.head(group);
    const events: EventEnvelope[] = [];
    const order = new ReadOrder();
    let { epoch } = head;
    let offset = Math.max(head.base, head.newest - limit);
    let isAtEnd = offset >= head.newest;
    while (!isAtEnd) {
      const page = await this.#reader.readAfter(group, offset, {
        limit: Math.min(PAGE_EVENTS, head.newest - offset),
        order,
      });
      for (const event of page.events) events.push(event.envelope);
      epoch = page.epoch;
      offset = page.readTo;
      // The history may have been lost since its head was read.
      isAtEnd = offset >= Math.min(head.newest, page.newest);
    }
    return { events, epoch, offset: String(offset) };
  }

  async #read(group: string, epoch: string, asked: number, limit: number): Promise<HistoryResult> {
    const events: EventEnvelope[] = [];
    const order = new ReadOrder();
    let offset = asked;
    for (;;) {
      const page = await this.#reader.readAfter(group, offset, {
        limit: Math.min(PAGE_EVENTS, limit - events.length),
        order,
      });
      const newest = { epoch: page.epoch, offset: String(page.newest) };
      if (page.epoch !== epoch) return gap('epoch_changed', newest);
      if (page.newest < offset) return gap('ahead', newest);
      if (page.missing !== undefined) return gap(page.missing, newest);
      for (const event of page.events) events.push(event.envelope);
      offset = page.readTo;
      if (offset >= page.newest || events.length >= limit) {
        return { result: 'replayed', events, epoch, offset: String(offset) };
      }
    }
  }
}

/** The number in an offset as browsers send it, or undefined when no offset of ours looks like that. */
export function parseOffset(offset: unknown): number | undefined {
  if (typeof offset !== 'string' || !OFFSET_PATTERN.test(offset)) return undefined;
  const value = Number(offset);
  return Number.isSafeInteger(value) ? value : undefined;
}

function gap(reason: GapReason, { epoch, offset }: GroupPosition): HistoryResult {
  return { result: 'gap', reason, epoch, offset };
}
