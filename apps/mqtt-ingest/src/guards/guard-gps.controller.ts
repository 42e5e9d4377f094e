import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { GuardGpsEntry, GuardGpsPayload } from '@bus/payload-schemas';
import { PROCESS_GUARD_GPS } from '@bus/task-base';
import { TOPICS, topicFilter } from '@bus/topic-whitelist';
import type { CheckedMessage } from '../checks/check-message.ts';
import { batchEntryOf } from '../lanes/batch-entry.ts';
import type { EnqueueLane } from '../lanes/enqueue-lane.ts';
import { EnqueueLanes } from '../lanes/enqueue-lanes.ts';
import type { BatchItem } from '../lanes/enqueue-lanes.ts';
import type { Claim, LaneOutcome } from '../lanes/lane-item.ts';

/** `guard/{guardId}/gps`: collected into batch jobs. */
@Controller()
export class GuardGpsController {
  private readonly lane: EnqueueLane<BatchItem<GuardGpsEntry>>;

  constructor(lanes: EnqueueLanes) {
    this.lane = lanes.batches(PROCESS_GUARD_GPS);
  }

  @EventPattern<string>(topicFilter(TOPICS.guard_gps))
  handle(@Payload() message: CheckedMessage, @Ctx() claim: Claim): Promise<LaneOutcome> {
    const { sourceId, messageId } = message;
    return this.lane.submit({ entry: entryOf(message), sourceId, messageId }, message.bytes, claim);
  }
}

function entryOf(message: CheckedMessage): GuardGpsEntry {
  const { lat, lon, accuracy, guard_id, client_id } = message.payload as unknown as GuardGpsPayload;
  return { ...batchEntryOf(message), source_id: message.sourceId, lat, lon, accuracy, guard_id, client_id };
}
