import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { SystemHealthEntry, SystemHealthPayload } from '@bus/payload-schemas';
import { PROCESS_SYSTEM_HEALTH } from '@bus/task-base';
import { TOPICS, topicFilter } from '@bus/topic-whitelist';
import type { CheckedMessage } from '../checks/check-message.ts';
import { batchEntryOf } from '../lanes/batch-entry.ts';
import type { EnqueueLane } from '../lanes/enqueue-lane.ts';
import { EnqueueLanes } from '../lanes/enqueue-lanes.ts';
import type { BatchItem } from '../lanes/enqueue-lanes.ts';
import type { Claim, LaneOutcome } from '../lanes/lane-item.ts';

/** `system/health/{systemId}`: collected into batch jobs. */
@Controller()
export class SystemHealthController {
  private readonly lane: EnqueueLane<BatchItem<SystemHealthEntry>>;

  constructor(lanes: EnqueueLanes) {
    this.lane = lanes.batches(PROCESS_SYSTEM_HEALTH);
  }

  @EventPattern<string>(topicFilter(TOPICS.system_health))
  handle(@Payload() message: CheckedMessage, @Ctx() claim: Claim): Promise<LaneOutcome> {
    const { sourceId, messageId } = message;
    return this.lane.submit({ entry: entryOf(message), sourceId, messageId }, message.bytes, claim);
  }
}

function entryOf(message: CheckedMessage): SystemHealthEntry {
  const { cpu, memory, disk, uptime } = message.payload as unknown as SystemHealthPayload;
  return { ...batchEntryOf(message), source_id: message.sourceId, cpu, memory, disk, uptime };
}
