import { Injectable } from '@nestjs/common';
import type { LiveSession } from './live-session.ts';

/** The browsers connected to this gateway. */
@Injectable()
export class LiveSessions {
  private readonly bySocket = new Map<string, LiveSession>();

  get size(): number {
    return this.bySocket.size;
  }

  add(live: LiveSession): void {
    this.bySocket.set(live.socket.id, live);
  }

  /** Forgets it and hands it back, or undefined when it was never added. */
  remove(socketId: string): LiveSession | undefined {
    const live = this.bySocket.get(socketId);
    this.bySocket.delete(socketId);
    return live;
  }

  all(): LiveSession[] {
    return [...this.bySocket.values()];
  }
}
