import { Injectable, Logger } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import type { LiveSession } from '../connections/live-session.ts';
import { MessageWindow } from '../limits/message-window.ts';
import { SharedWindow, type WindowRule } from '../limits/shared-window.ts';
import { Refusal } from '../refusals/refusal.ts';
import { LimitSettings } from '../settings.ts';

const WINDOW_MS = 60_000;
/** Refused messages in a row after which a connection is taken for a runaway and ended. */
const PATIENCE = 200;

/** At most so many messages a minute from one connection, and from one user over all connections and gateways. */
@Injectable()
export class InboundThrottle {
  private readonly logger = new Logger(InboundThrottle.name);
  private readonly perUser: WindowRule;

  constructor(
    private readonly shared: SharedWindow,
    private readonly metrics: Metrics,
    private readonly limits: LimitSettings,
  ) {
    this.perUser = { scope: 'user', limit: limits.WEBSOCKET_MESSAGES_PER_MINUTE, windowMs: WINDOW_MS };
  }

  /** The messages of one connection. */
  newConnection(): MessageWindow {
    return new MessageWindow(this.limits.WEBSOCKET_MESSAGES_PER_MINUTE, WINDOW_MS);
  }

  /** Counts one message in. @throws Refusal `tooMany` with the time to wait. */
  async count(live: LiveSession): Promise<void> {
    const own = live.inbound.take(performance.now());
    if (!own.allowed) {
      if (live.inbound.refusedInARow >= PATIENCE) live.end('too_many_messages');
      throw this.refusal('connection', own.retryAfterMs);
    }
    const all = await this.countForUser(live.principal.id);
    if (!all.allowed) throw this.refusal('user', all.retryAfterMs);
  }

  /** While Redis is away the limit of the connection still holds. */
  private async countForUser(
    userId: number,
  ): Promise<{ allowed: true } | { allowed: false; retryAfterMs: number }> {
    try {
      return await this.shared.take(this.perUser, userId);
    } catch (error) {
      this.logger.debug(`Messages of a user cannot be counted over all gateways: ${String(error)}`);
      return { allowed: true };
    }
  }

  private refusal(scope: 'connection' | 'user', retryAfterMs: number): Refusal {
    this.metrics.counter('bus_websocket_rate_limited_total').inc({ scope });
    const retryAfterSeconds = Math.ceil(retryAfterMs / 1000);
    return new Refusal('tooMany', `At most ${this.perUser.limit} messages a minute.`, { retryAfterSeconds });
  }
}
