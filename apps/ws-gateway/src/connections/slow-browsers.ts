import { Injectable, Logger } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import type { Socket } from 'socket.io';
import { LimitSettings } from '../settings.ts';
import { OutboundBuffer } from './outbound-buffer.ts';

/** The close code a browser sees when it was cut off for not keeping up; it connects again by itself and resumes. */
export const SLOW_BROWSER_CLOSE_CODE = 4408;
/** How long the closing handshake may take before the connection is torn down with everything unsent in it. */
const CLOSE_WITHIN_MS = 5_000;

/** The WebSocket below a transport; private in the types of Engine.IO. */
interface WebSocketTransport {
  readonly socket: { close(code: number, reason: string): void };
}

/** Gives every socket a bounded buffer and cuts off those that overflow it. */
@Injectable()
export class SlowBrowsers {
  private readonly logger = new Logger(SlowBrowsers.name);

  constructor(
    private readonly metrics: Metrics,
    private readonly limits: LimitSettings,
  ) {}

  watch(socket: Socket): OutboundBuffer {
    const sent = this.metrics.counter('bus_websocket_messages_sent_total');
    const conflated = this.metrics.counter('bus_websocket_conflated_total');
    const limits = {
      softEvents: this.limits.WEBSOCKET_SLOW_EVENTS,
      softBytes: this.limits.WEBSOCKET_SLOW_BYTES,
      hardEvents: this.limits.WEBSOCKET_MAX_WAITING_EVENTS,
      hardBytes: this.limits.WEBSOCKET_MAX_WAITING_BYTES,
    };
    return new OutboundBuffer(socket, limits, {
      sent: (event) => sent.inc({ event }),
      conflated: (event) => conflated.inc({ event }),
      overflowed: (waiting) => this.cutOff(socket, waiting),
    });
  }

  private cutOff(socket: Socket, { events, bytes }: { events: number; bytes: number }): void {
    this.metrics.counter('bus_websocket_slow_consumer_disconnects_total').inc();
    this.logger.warn(
      `A browser does not keep up and is disconnected: ${events} events, ${bytes} bytes wait for it.`,
    );
    const { conn } = socket;
    (conn.transport as unknown as WebSocketTransport).socket.close(
      SLOW_BROWSER_CLOSE_CODE,
      'too slow, resume',
    );
    // Not socket.disconnect(): that would tell the browser not to come back.
    conn.close(true);
    setTimeout(() => conn.request.socket.destroy(), CLOSE_WITHIN_MS).unref();
  }
}
