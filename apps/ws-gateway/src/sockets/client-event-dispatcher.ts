import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Metrics, runWithCorrelationId } from '@bus/observability';
import { CLIENT_REQUESTS, type ClientAck } from '@bus/payload-schemas';
import type { LiveSession } from '../connections/live-session.ts';
import { validatedBody } from '../refusals/validated-body.ts';
import { asRefusal } from '../refusals/as-refusal.ts';
import { REFUSAL, Refusal, type RefusalBody } from '../refusals/refusal.ts';
import { CLIENT_EVENT_HANDLERS, isAnsweredEvent, type AnsweredEvent } from './client-event-catalog.ts';
import type { ClientEventHandler } from './client-event.ts';
import { InboundThrottle } from './inbound-throttle.ts';

/** The answer to every client event, through the acknowledgement callback of Socket.IO. */
type Ack = ClientAck<Record<string, unknown>>;

/**
 * The one way every client event takes: count, find, validate, handle, answer. Whatever happens, the browser that asked
 * for an answer gets one, and nothing a browser sends reaches the process as an exception.
 */
@Injectable()
export class ClientEventDispatcher implements OnModuleInit {
  private readonly logger = new Logger(ClientEventDispatcher.name);
  private readonly handlers = new Map<AnsweredEvent, ClientEventHandler>();

  constructor(
    private readonly throttle: InboundThrottle,
    private readonly metrics: Metrics,
    private readonly modules: ModuleRef,
  ) {}

  onModuleInit(): void {
    for (const [event, handler] of Object.entries(CLIENT_EVENT_HANDLERS)) {
      // The record ties every event to a handler of its own request; one map of all of them cannot say that.
      this.handlers.set(
        event as AnsweredEvent,
        this.modules.get<ClientEventHandler>(handler, { strict: false }),
      );
    }
  }

  /** Takes one event off the wire. Resolves when it is answered; never rejects. */
  dispatch(live: LiveSession, event: string, parameters: readonly unknown[]): Promise<void> {
    return runWithCorrelationId(randomUUID(), async () => {
      const last = parameters.at(-1);
      const acknowledge = typeof last === 'function' ? (last as (ack: Ack) => void) : undefined;
      const body = acknowledge === undefined ? parameters : parameters.slice(0, -1);
      const ack = await this.answer(live, event, body);
      this.count(event, ack);
      acknowledge?.(ack);
    });
  }

  private async answer(live: LiveSession, event: string, body: readonly unknown[]): Promise<Ack> {
    try {
      await this.throttle.count(live);
      return { ...(await this.handle(live, event, body)), ok: true };
    } catch (error) {
      return { ok: false, ...this.refusalBody(error, event) };
    }
  }

  private async handle(live: LiveSession, event: string, body: readonly unknown[]): Promise<object> {
    const handler = isAnsweredEvent(event) ? this.handlers.get(event) : undefined;
    if (handler === undefined || !isAnsweredEvent(event)) {
      throw new Refusal('notFound', 'There is no such event here.');
    }
    const [request = {}] = body;
    // Socket.IO also carries binary, which arrives as a Buffer and would pass for an object without fields.
    if (body.length > 1 || Buffer.isBuffer(request)) {
      throw new Refusal('malformed', 'An event has one body, a JSON object.', { field: 'body' });
    }
    return handler.handle(validatedBody(CLIENT_REQUESTS[event], request) as never, live);
  }

  private refusalBody(error: unknown, event: string): RefusalBody {
    const refusal = asRefusal(error);
    if (refusal === undefined) {
      this.logger.error(`Client event "${event}" failed.`, error);
      return { code: REFUSAL.internal, reason: 'The gateway failed to do this. Try again.' };
    }
    if (refusal.isOurs) this.logger.warn(`Client event "${event}": ${refusal.reason}`, refusal.cause);
    return refusal.body;
  }

  private count(event: string, ack: Ack): void {
    const result = ack.ok ? 'ok' : ack.code === REFUSAL.internal ? 'failed' : 'refused';
    // Names come from outside; only ours become labels.
    const label = isAnsweredEvent(event) ? event : 'unknown';
    this.metrics.counter('bus_websocket_messages_received_total').inc({ event: label, result });
  }
}
