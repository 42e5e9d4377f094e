import type { Socket } from 'socket.io';
import { conflationKey, isEnvelope } from './conflation.ts';

/** How much may wait for one browser. */
export interface OutboundLimits {
  /** From here on, events of which only the latest matters are held back and replaced. */
  readonly softEvents: number;
  readonly softBytes: number;
  /** Beyond this the browser is disconnected; it comes back and resumes. */
  readonly hardEvents: number;
  readonly hardBytes: number;
}

export interface OutboundObserver {
  sent(event: string): void;
  conflated(event: string): void;
  overflowed(waiting: { events: number; bytes: number }): void;
}

interface WriteOptions {
  wsPreEncodedFrame?: readonly Buffer[];
}
type EncodedPackets = string | readonly (string | Buffer)[];

/** The one place every packet of a socket passes, whether it was emitted or broadcast through an adapter. */
interface EngineWriter {
  writeToEngine(packets: EncodedPackets, options: WriteOptions): void;
}

interface HeldEvent {
  readonly event: string;
  readonly group: string;
  readonly packets: EncodedPackets;
  readonly options: WriteOptions;
}

/** More kinds of latest-only events than this and the oldest is forgotten: it is state, and more will come. */
const MAX_HELD = 500;

/**
 * Bounds what waits in memory for one browser. While little waits, everything goes straight through. Above the soft bound
 * latest-only events are held, a newer one replacing the older, until the browser has caught up or a later event of
 * their group has to go (so a group's events never change order). Everything else is always written, up to the hard
 * bound; there the browser is cut off, nothing is dropped silently.
 *
 * What is written while the browser catches up does not count against the hard bound: it is bounded by the history
 * itself, and cutting off a browser for catching up would make it come back and ask for the same again.
 */
export class OutboundBuffer {
  private queued = { events: 0, bytes: 0 };
  private inFlight = { events: 0, bytes: 0 };
  private allowance = { events: 0, bytes: 0 };
  private catchingUp = 0;
  /** The hard bound was reached; nothing is written any more. */
  isCutOff = false;
  private announced: { event: string; argument: unknown } | undefined;
  private readonly held = new Map<string, HeldEvent>();
  private readonly writeThrough: EngineWriter['writeToEngine'];

  constructor(
    socket: Socket,
    private readonly limits: OutboundLimits,
    private readonly observer: OutboundObserver,
  ) {
    const writer = socket.client as unknown as EngineWriter;
    this.writeThrough = writer.writeToEngine.bind(writer);
    writer.writeToEngine = (packets, options) => this.write(packets, options);
    // Called synchronously right before the packet of the same event is written.
    socket.onAnyOutgoing((event: string, argument: unknown) => {
      this.announced = { event, argument };
    });
    socket.conn.on('flush', () => {
      this.inFlight = { ...this.queued };
      this.queued = { events: 0, bytes: 0 };
    });
    // Not the connection's "drain": that one fires when packets are handed to the WebSocket, this one when the kernel took them.
    (socket.conn.transport as unknown as NodeJS.EventEmitter).on('drain', () => this.onWritten());
  }

  get waiting(): { events: number; bytes: number } {
    return {
      events: this.queued.events + this.inFlight.events,
      bytes: this.queued.bytes + this.inFlight.bytes,
    };
  }

  /** Runs a catching-up; what is written meanwhile does not count against the hard bound. */
  async whileCatchingUp<T>(work: () => Promise<T>): Promise<T> {
    this.catchingUp += 1;
    try {
      return await work();
    } finally {
      this.catchingUp -= 1;
    }
  }

  private write(packets: EncodedPackets, options: WriteOptions): void {
    const { event, argument } = this.announced ?? { event: undefined, argument: undefined };
    this.announced = undefined;
    if (this.isCutOff) return;
    if (event === undefined) return this.pass(packets, options);
    this.observer.sent(event);
    if (!isEnvelope(argument)) return this.pass(packets, options);

    const key = conflationKey(event, argument);
    if (key !== undefined && (this.isCongested() || this.held.has(key))) {
      this.hold(key, { event, group: argument.group, packets, options });
      return;
    }
    this.releaseGroup(argument.group);
    this.pass(packets, options);
  }

  private pass(packets: EncodedPackets, options: WriteOptions): void {
    if (this.isCutOff) return;
    const bytes = sizeOf(packets, options);
    if (this.catchingUp > 0) {
      this.allowance.events += 1;
      this.allowance.bytes += bytes;
    }
    const { waiting, allowance, limits } = this;
    if (
      waiting.events + 1 > limits.hardEvents + allowance.events ||
      waiting.bytes + bytes > limits.hardBytes + allowance.bytes
    ) {
      this.isCutOff = true;
      this.held.clear();
      this.observer.overflowed(waiting);
      return;
    }
    this.queued.events += 1;
    this.queued.bytes += bytes;
    this.writeThrough(packets, options);
  }

  private hold(key: string, held: HeldEvent): void {
    if (this.held.delete(key)) this.observer.conflated(held.event);
    this.held.set(key, held);
    if (this.held.size <= MAX_HELD) return;
    for (const [oldestKey, oldest] of this.held) {
      this.held.delete(oldestKey);
      this.observer.conflated(oldest.event);
      return;
    }
  }

  private onWritten(): void {
    this.inFlight = { events: 0, bytes: 0 };
    if (this.isCongested()) return;
    this.allowance = { events: 0, bytes: 0 };
    for (const [key, held] of this.held) {
      this.held.delete(key);
      this.pass(held.packets, held.options);
      if (this.isCongested()) return;
    }
  }

  private releaseGroup(group: string): void {
    for (const [key, held] of this.held) {
      if (held.group !== group) continue;
      this.held.delete(key);
      this.pass(held.packets, held.options);
    }
  }

  private isCongested(): boolean {
    const { events, bytes } = this.waiting;
    return events >= this.limits.softEvents || bytes >= this.limits.softBytes;
  }
}

function sizeOf(packets: EncodedPackets, { wsPreEncodedFrame }: WriteOptions): number {
  if (wsPreEncodedFrame !== undefined) return byteLengths(wsPreEncodedFrame);
  return typeof packets === 'string' ? Buffer.byteLength(packets) : byteLengths(packets);
}

function byteLengths(parts: readonly (string | Buffer)[]): number {
  return parts.reduce((total, part) => total + Buffer.byteLength(part), 0);
}
