import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { normaliseAlert } from '@bus/payload-schemas';
import type { DeviceAlertJob } from '@bus/payload-schemas';
import { PROCESS_DEVICE_ALERT, deviceAlertJobId } from '@bus/task-base';
import { TOPICS, topicFilter } from '@bus/topic-whitelist';
import type { CheckedMessage } from '../checks/check-message.ts';
import type { EnqueueLane } from '../lanes/enqueue-lane.ts';
import { EnqueueLanes } from '../lanes/enqueue-lanes.ts';
import type { SingleItem } from '../lanes/enqueue-lanes.ts';
import type { Claim, LaneOutcome } from '../lanes/lane-item.ts';
import { ExpressAlerts } from './express-alerts.ts';

/** `alert/{alertType}/{sourceId}`: one job each, at once, in the order of arrival; and the short way, where it is open. */
@Controller()
export class DeviceAlertController {
  private readonly lane: EnqueueLane<SingleItem<DeviceAlertJob>>;

  constructor(
    lanes: EnqueueLanes,
    private readonly express: ExpressAlerts,
  ) {
    this.lane = lanes.singles(PROCESS_DEVICE_ALERT);
  }

  @EventPattern<string>(topicFilter(TOPICS.device_alert))
  handle(@Payload() message: CheckedMessage, @Ctx() claim: Claim): Promise<LaneOutcome> {
    const alert = normaliseAlert(message.payload, {
      topic: message.topic,
      topicAlertType: message.params['alertType'] ?? '',
      sourceId: message.sourceId,
      messageId: message.messageId,
      receivedAt: message.receivedAt,
    });
    if (alert === null)
      return Promise.resolve({ kind: 'unusable', reason: 'the payload must be a JSON object' });
    const isExpress = this.lane.currentFailure === undefined && this.express.canTake(alert);
    if (isExpress) alert.express = true;
    const job = { params: alert, jobId: deviceAlertJobId(alert) };
    const outcome = this.lane.submit(job, message.bytes, claim);
    if (isExpress) this.express.send(alert);
    return outcome;
  }
}
