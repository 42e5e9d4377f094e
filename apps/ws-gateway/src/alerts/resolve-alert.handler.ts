import { Injectable } from '@nestjs/common';
import type { ResolveAlertRequest } from '@bus/payload-schemas';
import type { LiveSession } from '../connections/live-session.ts';
import type { ClientEventHandler } from '../sockets/client-event.ts';
import { AlertActions } from './alert-actions.ts';

@Injectable()
export class ResolveAlertHandler implements ClientEventHandler<'resolve_alert'> {
  constructor(private readonly actions: AlertActions) {}

  async handle({ alert_id, note }: ResolveAlertRequest, { principal }: LiveSession): Promise<object> {
    const { alert, changed } = await this.actions.resolve(principal, { alertId: alert_id, note });
    return { alert, changed };
  }
}
