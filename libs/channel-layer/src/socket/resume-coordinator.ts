import { Logger } from '@nestjs/common';
import type { Socket } from 'socket.io';
import type { ChannelCore } from '../channel-core.ts';
import type { GapReason } from '../history/group-position.ts';
import { ThrottledLog } from '../throttled-log.ts';
import { GroupJoin } from './group-join.ts';
import type { GroupRequest, GroupResult } from './group-result.ts';
import type { SealedSocketAdapter } from './sealed-socket-adapter.ts';

/** How often a group that fell behind while the others were read is brought up again. */
const MAX_ROUNDS = 5;

/** A join under way. It settles by `finish`, and never rejects. */
interface Pending {
  readonly join: GroupJoin;
  readonly result: Promise<GroupResult>;
  failure?: GapReason;
  finish(): void;
}

/**
 * Lets sockets join groups where they left off: the events they missed, then the live ones, without loss,
 * duplicate or disorder, on any gateway.
 *
 * The socket stays out of the rooms while the histories are read. What the feeds deliver meanwhile is remembered
 * for it. Once every history was read to its end, one synchronous step emits the rest and joins all rooms.
 */
export class ResumeCoordinator {
  readonly #core: ChannelCore;
  readonly #adapter: SealedSocketAdapter;
  readonly #log = new ThrottledLog(new Logger(ResumeCoordinator.name));
  /** Joins under way, so that asking twice does not replay twice. */
  readonly #pending = new WeakMap<Socket, Map<string, Pending>>();

  constructor(core: ChannelCore, adapter: SealedSocketAdapter) {
    this.#core = core;
    this.#adapter = adapter;
  }

  /**
   * Joins the groups and resolves, with results in the order asked for, right after the last missed event was
   * emitted and before any live one can be: whoever answers the socket without waiting for anything else first
   * answers exactly in between.
   *
   * Never rejects: whatever goes wrong is a `gap`, and the socket is live from its position on. Call it once the
   * socket is connected; one that disconnects meanwhile joins nothing more and its results mean nothing.
   */
  async join(socket: Socket, requests: readonly GroupRequest[]): Promise<GroupResult[]> {
    const ofSocket = this.#pending.get(socket) ?? new Map<string, Pending>();
    this.#pending.set(socket, ofSocket);
    const own: Pending[] = [];
    const results = requests.map((request) => {
      const known = ofSocket.get(request.group);
      if (known !== undefined) return known.result;
      const created = this.#begin(socket, request, () => ofSocket.delete(request.group));
      ofSocket.set(request.group, created);
      own.push(created);
      return created.result;
    });
    await Promise.all(own.map((pending) => this.#attempt(pending, () => pending.join.prepare())));
    for (let round = 0; round < MAX_ROUNDS && own.some(({ join }) => !join.isReady); round += 1) {
      const behind = own.filter(({ join }) => !join.isReady);
      await Promise.all(behind.map((pending) => this.#attempt(pending, () => pending.join.resume())));
    }
    for (const pending of own) pending.finish();
    return Promise.all(results);
  }

  #begin(socket: Socket, request: GroupRequest, ended: () => void): Pending {
    const { feed, release } = this.#adapter.feeds.hold(request.group);
    const join = new GroupJoin(socket, request, feed, this.#core.reader, this.#adapter.output);
    const { promise, resolve } = promiseWithResolver<GroupResult>();
    const pending: Pending = {
      join,
      result: promise,
      finish: () => {
        const failure = pending.failure ?? (join.isReady ? undefined : 'unavailable');
        resolve(join.finish(failure));
        release();
        ended();
      },
    };
    return pending;
  }

  async #attempt(pending: Pending, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      pending.failure = 'unavailable';
      this.#log.warn('join', `A history could not be replayed: ${String(error)}`);
    }
  }
}

function promiseWithResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: ((value: T) => void) | undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve: (value) => resolve?.(value) };
}
