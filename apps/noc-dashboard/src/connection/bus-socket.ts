import { io } from 'socket.io-client';
import { isRecord, readAnswer, type Answer } from '../wire/wire-guards.ts';
import type { GroupPosition } from '../wire/wire-types.ts';

/** What the gateway is told when a connection opens. */
export interface Handshake {
  /** Null: the session cookie, which the browser sends by itself, says who this is. */
  readonly token: string | null;
  readonly deviceId: string;
  readonly resume: readonly GroupPosition[];
}

/** Why a connection could not be opened. `code` is null when nobody answered. */
export interface Refused {
  readonly code: number | null;
  readonly reason: string;
}

export interface BusSocketHandlers {
  /** Every event the gateway sends, in order. */
  onEvent(name: string, body: unknown): void;
  onRefused(refused: Refused): void;
  onLost(reason: string): void;
}

/** One way to the gateway that can be opened again after it was lost. It never reconnects by itself. */
export interface BusSocket {
  open(): void;
  close(): void;
  readonly isOpen: boolean;
  /** Sends a request and resolves with the answer; rejects when none came in time or the connection was lost. */
  request(name: string, body: object, timeoutMs: number): Promise<Answer>;
}

export type OpenBusSocket = (handshake: () => Handshake, handlers: BusSocketHandlers) => BusSocket;

/**
 * Socket.IO over WebSocket only, so no gateway needs sticky sessions. Its own reconnection is off: the page must show
 * when the next attempt comes, and must fetch a fresh token before it.
 */
export const openSocketIo: OpenBusSocket = (handshake, handlers) => {
  const socket = io({
    transports: ['websocket'],
    autoConnect: false,
    reconnection: false,
    timeout: 10_000,
    // A function, so that every attempt sends the newest token and positions.
    auth: (send) => send(handshake()),
  });
  socket.onAny((name: string, body: unknown) => handlers.onEvent(name, body));
  socket.on('connect_error', (error: Error & { data?: unknown }) => {
    const data = isRecord(error.data) ? error.data : {};
    handlers.onRefused({
      code: typeof data.code === 'number' ? data.code : null,
      reason: typeof data.reason === 'string' ? data.reason : error.message,
    });
  });
  socket.on('disconnect', (reason) => handlers.onLost(reason));
  return {
    open: () => void socket.connect(),
    close: () => void socket.disconnect(),
    get isOpen() {
      return socket.connected;
    },
    request: async (name, body, timeoutMs) =>
      readAnswer((await socket.timeout(timeoutMs).emitWithAck(name, body)) as unknown),
  };
};
