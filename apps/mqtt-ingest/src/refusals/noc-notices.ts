import { Injectable } from '@nestjs/common';
import { ChannelLayer } from '@bus/channel-layer';
import { storableText } from '@bus/payload-schemas';
import type { SystemAlertData } from '@bus/payload-schemas';
import type { Refusal } from '../checks/refusal.ts';
import { contentMessageId } from '../checks/message-id.ts';
import { SourceAllowance } from './source-allowance.ts';

const ALERT_ROOT = 'alert/';

/** Someone may be trying to call for help, so the first ones are always shown; a flood is summed up. */
const ALLOWANCE = { burst: 10, refillMs: 10_000 };

const MAX_EXCERPT_LENGTH = 300;
const MAX_TOPIC_LENGTH = 256;
const lenient = new TextDecoder();

/** Tells the operations centre that something sent as an alert could not be read: a person decides what it meant. */
@Injectable()
export class NocNotices {
  private readonly allowance = new SourceAllowance(ALLOWANCE);

  constructor(private readonly channelLayer: ChannelLayer) {}

  /** The notice about a refusal; null when it was no alert, or when its source has caused too many lately. */
  noticeOf(refusal: Refusal): SystemAlertData | null {
    if (!refusal.topic.startsWith(ALERT_ROOT)) return null;
    const heldBack = this.allowance.take(refusal.sourceId ?? '');
    if (heldBack === null) return null;
    const more = heldBack > 0 ? ` (and ${heldBack} more since the last notice)` : '';
    return {
      code: 'alert_refused',
      reason: `An alert could not be read: ${refusal.reason}${more}`,
      source_id: refusal.sourceId,
      topic: storableText(refusal.topic.slice(0, MAX_TOPIC_LENGTH)),
      excerpt: storableText(lenient.decode(refusal.payload.subarray(0, MAX_EXCERPT_LENGTH))),
      occurred_at: refusal.receivedAt.toISOString(),
    };
  }

  /** Shows the notice. Critical, so that it is kept while Redis is away; a redelivery of the message shows it once. */
  async show(notice: SystemAlertData, refusal: Refusal): Promise<void> {
    await this.channelLayer.broadcastToNocDashboard({
      messageType: 'system_alert',
      data: notice,
      priority: 'critical',
      eventId: `alert_refused:${contentMessageId(refusal)}`,
    });
  }
}
