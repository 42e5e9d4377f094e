import { Injectable } from '@nestjs/common';
import type { AcknowledgeAlertRequest } from '@bus/payload-schemas';
import type { LiveSession } from '../connections/live-session.ts';
import type { ClientEventHandler } from '../sockets/client-event.ts';
import { AlertActions } from './alert-actions.ts';

@Injectable()
export class AcknowledgeAlertHandler implements ClientEventHandler<'acknowledge_alert'> {
  constructor(private readonly actions: AlertActions) {}

  async handle({ alert_id, note }: AcknowledgeAlertRequest, { principal }: LiveSession): Promise<object> {
    const { alert, changed } = await this.actions.acknowledge(principal, { alertId: alert_id, note });
    return { alert, changed };
  }
}
