import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { CommandReplyJob, CommandReplyPayload } from '@bus/payload-schemas';
import { PROCESS_COMMAND_REPLY } from '@bus/task-base';
import { TOPICS, topicFilter } from '@bus/topic-whitelist';
import type { CheckedMessage } from '../checks/check-message.ts';
import type { EnqueueLane } from '../lanes/enqueue-lane.ts';
import { EnqueueLanes } from '../lanes/enqueue-lanes.ts';
import type { SingleItem } from '../lanes/enqueue-lanes.ts';
import type { Claim, LaneOutcome } from '../lanes/lane-item.ts';

/** `device/{deviceId}/command-reply`: one job each, at once, since an operator waits for it. */
@Controller()
export class CommandReplyController {
  private readonly lane: EnqueueLane<SingleItem<CommandReplyJob>>;

  constructor(lanes: EnqueueLanes) {
    this.lane = lanes.singles(PROCESS_COMMAND_REPLY);
  }

  @EventPattern<string>(topicFilter(TOPICS.command_reply))
  handle(@Payload() message: CheckedMessage, @Ctx() claim: Claim): Promise<LaneOutcome> {
    // A source holds no '.', so two replies never share a job.
    const jobId = `${message.sourceId}.${message.messageId}`;
    return this.lane.submit({ params: paramsOf(message), jobId }, message.bytes, claim);
  }
}

function paramsOf(message: CheckedMessage): CommandReplyJob {
  const { command_id, status, result, reason } = message.payload as unknown as CommandReplyPayload;
  return {
    message_id: message.messageId,
    device_id: message.sourceId,
    command_id,
    status,
    result,
    reason,
    device_time: message.deviceTime?.toISOString() ?? null,
    received_at: message.receivedAt.toISOString(),
    clock_suspect: message.clockSuspect,
    raw: message.payload,
  };
}
