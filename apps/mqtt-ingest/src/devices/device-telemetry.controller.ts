import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { furtherReadings } from '@bus/payload-schemas';
import type { DeviceTelemetryEntry, DeviceTelemetryPayload } from '@bus/payload-schemas';
import { PROCESS_DEVICE_TELEMETRY } from '@bus/task-base';
import { TOPICS, topicFilter } from '@bus/topic-whitelist';
import type { CheckedMessage } from '../checks/check-message.ts';
import { batchEntryOf } from '../lanes/batch-entry.ts';
import type { EnqueueLane } from '../lanes/enqueue-lane.ts';
import { EnqueueLanes } from '../lanes/enqueue-lanes.ts';
import type { BatchItem } from '../lanes/enqueue-lanes.ts';
import type { Claim, LaneOutcome } from '../lanes/lane-item.ts';

/** `device/{deviceId}/telemetry`: collected into batch jobs. */
@Controller()
export class DeviceTelemetryController {
  private readonly lane: EnqueueLane<BatchItem<DeviceTelemetryEntry>>;

  constructor(lanes: EnqueueLanes) {
    this.lane = lanes.batches(PROCESS_DEVICE_TELEMETRY);
  }

  @EventPattern<string>(topicFilter(TOPICS.device_telemetry))
  handle(@Payload() message: CheckedMessage, @Ctx() claim: Claim): Promise<LaneOutcome> {
    const { sourceId, messageId } = message;
    return this.lane.submit({ entry: entryOf(message), sourceId, messageId }, message.bytes, claim);
  }
}

function entryOf(message: CheckedMessage): DeviceTelemetryEntry {
  const { battery, signal, temperature, connectivity } = message.payload as unknown as DeviceTelemetryPayload;
  return {
    ...batchEntryOf(message),
    device_id: message.sourceId,
    battery,
    signal,
    temperature,
    connectivity,
    readings: furtherReadings(message.payload),
  };
}
