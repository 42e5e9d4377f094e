import { randomBytes } from 'node:crypto';
import { redisKeys, writeTogether, type RedisConnection } from '@bus/platform';
import type { RoutingNames } from '../seal/routing-names.ts';
import { APPEND, READ } from './group-log.lua.ts';
import { mustWait, waitUntilReady } from '../wait-until-ready.ts';

/** How long a broadcast is known by its event id, and not sent again: one hour. */
export const DEFAULT_EVENT_ID_TTL_MS = 60 * 60 * 1_000;

export interface GroupLogOptions {
  /** Events kept per group, exactly. @default 1000 */
  readonly maxEntries?: number;
  /** How long the events of a quiet group are kept after its last one. @default 24 hours */
  readonly historyTtlMs?: number;
  /** How long an event id is remembered. @default DEFAULT_EVENT_ID_TTL_MS */
  readonly eventIdTtlMs?: number;
}

/** How a frame was taken into a group's history. `isDuplicate`: its event id was known, nothing was published. */
export interface Appended {
  readonly isDuplicate: boolean;
  readonly epoch: string;
  readonly offset: number;
}

/** Entries of a history as they are stored, with the state of the group at the same instant. */
export interface LogPage {
  readonly epoch: string;
  /** Newest offset of the group; 0 when it has no events yet. */
  readonly newest: number;
  /** Offset at which the epoch began: everything after it belongs to the epoch. */
  readonly base: number;
  readonly entries: readonly { readonly offset: number; readonly sealed: Buffer }[];
}

/** Epoch and newest offset of a group, or null when the group has no history. */
export type LogHead = { readonly epoch: string; readonly newest: number } | null;

interface LogCommands {
  busGroupAppend(
    ...args: (string | number | Buffer)[]
  ): Promise<[isNew: number, epoch: string, offset: string]>;
  busGroupReadBuffer(
    ...args: (string | number)[]
  ): Promise<[epoch: Buffer, newest: Buffer, base: Buffer, entries: [id: Buffer, fields: Buffer[]][]]>;
}

/** Long beyond any history: a group whose epoch expired would look like one that lost its events. */
const META_TTL_MS = 30 * 24 * 60 * 60 * 1_000;
const MAX_WITNESSES = 10_000;

/**
 * The histories of all groups in Redis: one atomic call appends and publishes, one reads.
 *
 * Every call ends within about two seconds, by an answer or by rejecting, given a connection that fails fast
 * (purpose `producer`). A rejected append may still have been taken; only an event id makes a retry safe.
 */
export class GroupLog {
  readonly #connection: RedisConnection;
  readonly #commands: LogCommands;
  readonly #names: RoutingNames;
  readonly #maxEntries: number;
  readonly #historyTtlMs: number;
  readonly #eventIdTtlMs: number;
  /** The place this process was last given, by group tag: proof of what Redis must still know. */
  readonly #witnesses = new Map<string, { epoch: string; offset: number }>();
  readonly #epochPrefix = randomBytes(8).toString('hex');
  #epochCandidates = 0;

  constructor(connection: RedisConnection, names: RoutingNames, options: GroupLogOptions = {}) {
    this.#connection = connection;
    this.#names = names;
    this.#maxEntries = options.maxEntries ?? 1_000;
    this.#historyTtlMs = options.historyTtlMs ?? 24 * 60 * 60 * 1_000;
    this.#eventIdTtlMs = options.eventIdTtlMs ?? DEFAULT_EVENT_ID_TTL_MS;
    connection.defineCommand('busGroupAppend', { numberOfKeys: 3, lua: APPEND });
    connection.defineCommand('busGroupRead', { numberOfKeys: 2, lua: READ });
    this.#commands = connection as unknown as LogCommands;
  }

  /** The channel a group's events are published on, which is also what their seals are bound to. */
  channelOf(group: string): string {
    return redisKeys.groupChannel(this.#names.ofGroup(group));
  }

  /**
   * Appends to the history and publishes. `seal` is called right before sending.
   * While the connection is ready, calls reach Redis in the order they are made.
   */
  async append(group: string, seal: (channel: string) => Buffer, eventId?: string): Promise<Appended> {
    if (mustWait(this.#connection)) await waitUntilReady(this.#connection);
    const tag = this.#names.ofGroup(group);
    const channel = redisKeys.groupChannel(tag);
    const meta = redisKeys.groupMeta(tag);
    const witness = this.#witnesses.get(tag);
    const answer = this.#commands.busGroupAppend(
      redisKeys.groupHistory(tag),
      meta,
      eventId === undefined ? meta : redisKeys.groupSeenEvent(tag, this.#names.ofEvent(eventId)),
      seal(channel),
      channel,
      this.#nextEpoch(),
      this.#maxEntries,
      this.#historyTtlMs,
      META_TTL_MS,
      eventId === undefined ? '' : this.#eventIdTtlMs,
      witness?.epoch ?? '',
      witness?.offset ?? 0,
    );
    // The first of several groups hears at once, without waiting for the others to be sealed; the rest leaves together.
    writeTogether(this.#connection);
    const [isNew, epoch, offset] = await answer;
    const appended = { isDuplicate: isNew === 0, epoch, offset: Number(offset) };
    this.#witness(tag, appended);
    return appended;
  }

  /**
   * Entries from offset `from` on, oldest first, at most `count`; from `newest`, that entry alone.
   * `lostEpoch` ends that epoch if it still lasts.
   */
  async read(group: string, from: number | 'newest', count: number, lostEpoch = ''): Promise<LogPage> {
    if (mustWait(this.#connection)) await waitUntilReady(this.#connection);
    const tag = this.#names.ofGroup(group);
    const [epoch, newest, base, entries] = await this.#commands.busGroupReadBuffer(
      redisKeys.groupHistory(tag),
      redisKeys.groupMeta(tag),
      this.#nextEpoch(),
      META_TTL_MS,
      from,
      count,
      lostEpoch,
    );
    return {
      epoch: epoch.toString(),
      newest: Number(newest.toString()),
      base: Number(base.toString()),
      entries: entries.map(([id, fields]) => ({
        offset: Number.parseInt(id.toString('latin1'), 10),
        sealed: fields[1] ?? Buffer.alloc(0),
      })),
    };
  }

  /** The heads of many groups in one go, in their order. */
  async heads(groups: readonly string[]): Promise<LogHead[]> {
    if (mustWait(this.#connection)) await waitUntilReady(this.#connection);
    writeTogether(this.#connection);
    const replies = await Promise.all(
      groups.map((group) =>
        this.#connection.hmget(redisKeys.groupMeta(this.#names.ofGroup(group)), 'e', 'o'),
      ),
    );
    return replies.map(([epoch, newest]) => (epoch && newest ? { epoch, newest: Number(newest) } : null));
  }

  /** Unique, because two beginnings must never look like one epoch. */
  #nextEpoch(): string {
    this.#epochCandidates += 1;
    return `${this.#epochPrefix}${this.#epochCandidates.toString(36)}`;
  }

  #witness(tag: string, { epoch, offset }: Appended): void {
    const known = this.#witnesses.get(tag);
    if (known !== undefined && known.epoch === epoch) {
      known.offset = Math.max(known.offset, offset);
      return;
    }
    if (known === undefined && this.#witnesses.size >= MAX_WITNESSES) {
      const [first] = this.#witnesses.keys();
      if (first !== undefined) this.#witnesses.delete(first);
    }
    this.#witnesses.set(tag, { epoch, offset });
  }
}
