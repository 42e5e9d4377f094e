import { TelemetryQueries } from '@bus/database';
import { Metrics } from '@bus/observability';
import type { DeviceTelemetryBatchJob } from '@bus/payload-schemas';
import { BaseTask, PROCESS_DEVICE_TELEMETRY, Task } from '@bus/task-base';
import { storeBatch } from '../storage/store-batch.ts';

/** Stores device readings, a batch with one insert. Readings already there are ignored. */
@Task(PROCESS_DEVICE_TELEMETRY)
export class ProcessDeviceTelemetry extends BaseTask<DeviceTelemetryBatchJob, { inserted: number }> {
  constructor(
    private readonly telemetry: TelemetryQueries,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  async run({ messages }: DeviceTelemetryBatchJob): Promise<{ inserted: number }> {
    this.metrics.histogram('bus_batch_items').observe({ batch: 'telemetry' }, messages.length);
    const { inserted } = await storeBatch(messages, (entries) => this.telemetry.insertBatch(entries));
    const rows = this.metrics.counter('bus_telemetry_rows_total');
    rows.inc({ result: 'inserted' }, inserted);
    rows.inc({ result: 'duplicate' }, messages.length - inserted);
    return { inserted };
  }
}
