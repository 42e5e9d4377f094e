import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { SensorEntry, SensorStatusPayload } from '@bus/payload-schemas';
import { PROCESS_SENSOR_DATA } from '@bus/task-base';
import { TOPICS, topicFilter } from '@bus/topic-whitelist';
import type { CheckedMessage } from '../checks/check-message.ts';
import { batchEntryOf } from '../lanes/batch-entry.ts';
import type { EnqueueLane } from '../lanes/enqueue-lane.ts';
import { EnqueueLanes } from '../lanes/enqueue-lanes.ts';
import type { BatchItem } from '../lanes/enqueue-lanes.ts';
import type { Claim, LaneOutcome } from '../lanes/lane-item.ts';

/** `sensor/{sensorId}/status`: collected into batch jobs. */
@Controller()
export class SensorStatusController {
  private readonly lane: EnqueueLane<BatchItem<SensorEntry>>;

  constructor(lanes: EnqueueLanes) {
    this.lane = lanes.batches(PROCESS_SENSOR_DATA);
  }

  @EventPattern<string>(topicFilter(TOPICS.sensor_status))
  handle(@Payload() message: CheckedMessage, @Ctx() claim: Claim): Promise<LaneOutcome> {
    const { sourceId, messageId } = message;
    return this.lane.submit({ entry: entryOf(message), sourceId, messageId }, message.bytes, claim);
  }
}

function entryOf(message: CheckedMessage): SensorEntry {
  const { type, value, state } = message.payload as unknown as SensorStatusPayload;
  return { ...batchEntryOf(message), source_id: message.sourceId, type, value, state };
}
