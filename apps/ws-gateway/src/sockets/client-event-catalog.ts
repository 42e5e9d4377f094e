import type { Type } from '@nestjs/common';
import type { ClientRequestName } from '@bus/payload-schemas';
import { AcknowledgeAlertHandler } from '../alerts/acknowledge-alert.handler.ts';
import { ResolveAlertHandler } from '../alerts/resolve-alert.handler.ts';
import { SubscribeClientHandler } from '../groups/subscribe-client.handler.ts';
import { HeartbeatHandler } from '../health/heartbeat.handler.ts';
import { HistoryHandler } from '../history/history.handler.ts';
import { RequestMetricsHandler } from '../metrics/request-metrics.handler.ts';
import type { ClientEventHandler } from './client-event.ts';

/** The client events this gateway answers. Commands come with the app that sends them. */
export type AnsweredEvent = Exclude<ClientRequestName, 'send_command'>;

/** Who answers what. A new event is an entry here and a handler class; its request class is in the payload schemas. */
export const CLIENT_EVENT_HANDLERS: { readonly [N in AnsweredEvent]: Type<ClientEventHandler<N>> } = {
  subscribe_client: SubscribeClientHandler,
  acknowledge_alert: AcknowledgeAlertHandler,
  resolve_alert: ResolveAlertHandler,
  request_metrics: RequestMetricsHandler,
  history: HistoryHandler,
  heartbeat: HeartbeatHandler,
};

export function isAnsweredEvent(event: string): event is AnsweredEvent {
  return Object.hasOwn(CLIENT_EVENT_HANDLERS, event);
}
