import { encodePuback } from '@bus/platform';
import type { Writable } from 'node:stream';
import type { Claim } from '../lanes/lane-item.ts';

/** A received message whose acknowledgement is withheld. */
export interface HeldAck extends Claim {
  /** The message is finished: acknowledge it when its turn comes. At most once, and not at all on a later connection. */
  settle(): void;
  /** The message is let go unacknowledged; the broker delivers it again. */
  release(): void;
}

interface Entry {
  readonly packetId: number;
  isDone: boolean;
}

/**
 * The withheld acknowledgements of one connection. They go out in the order the messages came in (MQTT 5, 4.6), as many as
 * possible in one write, and only on the connection the messages came in on: on any other one the same packet id
 * would acknowledge some other message.
 */
export class AckLedger {
  private readonly stream: Writable;
  private readonly onLetGo: () => void;
  private readonly entries: Entry[] = [];
  private firstOpen = 0;
  private isFlushScheduled = false;
  private isSuperseded = false;
  private heldCount = 0;
  private heldByteCount = 0;

  /** `onLetGo` is called after each message that is settled or released. */
  constructor(stream: Writable, onLetGo: () => void) {
    this.stream = stream;
    this.onLetGo = onLetGo;
  }

  /** Messages neither settled nor released. */
  get held(): number {
    return this.heldCount;
  }

  /** Their payload bytes. */
  get heldBytes(): number {
    return this.heldByteCount;
  }

  belongsTo(stream: unknown): boolean {
    return this.stream === stream;
  }

  /** A later connection has resumed the session, so the broker delivers everything unacknowledged again. */
  supersede(): void {
    this.isSuperseded = true;
  }

  /** Withholds the acknowledgement of a message. Without a packet id (QoS 0) there is none, and only its bytes are counted. */
  hold(packetId: number | undefined, bytes: number): HeldAck {
    const entry = packetId === undefined ? undefined : { packetId, isDone: false };
    if (entry !== undefined) this.entries.push(entry);
    this.heldCount += 1;
    this.heldByteCount += bytes;
    let isOpen = true;
    const close = (): boolean => {
      if (!isOpen) return false;
      isOpen = false;
      this.heldCount -= 1;
      this.heldByteCount -= bytes;
      return true;
    };
    const isHeld = (): boolean => isOpen && (entry === undefined || !this.isSuperseded);
    return {
      get isHeld() {
        return isHeld();
      },
      settle: () => {
        if (!close()) return;
        if (entry !== undefined) {
          entry.isDone = true;
          this.scheduleFlush();
        }
        this.onLetGo();
      },
      release: () => {
        if (close()) this.onLetGo();
      },
    };
  }

  /** Writes every acknowledgement whose turn has come, now. */
  flush(): void {
    this.isFlushScheduled = false;
    const due: Buffer[] = [];
    for (let entry = this.entries[this.firstOpen]; entry?.isDone; entry = this.entries[this.firstOpen]) {
      due.push(encodePuback(entry.packetId));
      this.firstOpen += 1;
    }
    if (this.firstOpen === this.entries.length) {
      this.entries.length = 0;
      this.firstOpen = 0;
    } else if (this.firstOpen > 1024) {
      this.entries.splice(0, this.firstOpen);
      this.firstOpen = 0;
    }
    if (due.length > 0 && this.stream.writable && !this.stream.destroyed)
      this.stream.write(Buffer.concat(due));
  }

  private scheduleFlush(): void {
    if (this.isFlushScheduled) return;
    this.isFlushScheduled = true;
    // After everything that is ready in this turn of the event loop, so that a whole batch becomes one write.
    setImmediate(() => this.flush());
  }
}
