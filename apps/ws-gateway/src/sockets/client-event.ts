import type { ClientRequest, ClientRequestName } from '@bus/payload-schemas';
import type { LiveSession } from '../connections/live-session.ts';

/**
 * Answers one kind of client event. What it returns is sent back with `ok: true`; what it throws becomes the refusal.
 * The request has been validated and counted before.
 */
export interface ClientEventHandler<N extends ClientRequestName = ClientRequestName> {
  handle(request: ClientRequest<N>, live: LiveSession): Promise<object> | object;
}
