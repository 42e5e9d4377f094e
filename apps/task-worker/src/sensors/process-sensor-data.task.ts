import { SensorReadingQueries } from '@bus/database';
import { Metrics } from '@bus/observability';
import type { SensorBatchJob } from '@bus/payload-schemas';
import {
  BaseTask,
  PROCESS_DEVICE_ALERT,
  PROCESS_SENSOR_DATA,
  Task,
  TaskClient,
  deviceAlertJobId,
} from '@bus/task-base';
import { storeBatch } from '../storage/store-batch.ts';
import { fireAlertOf, isSmoke } from './smoke-alarm.ts';

/** Raises a fire alert for each reading with too much smoke, then stores the batch with one insert. */
@Task(PROCESS_SENSOR_DATA)
export class ProcessSensorData extends BaseTask<SensorBatchJob, { inserted: number; alerts: number }> {
  constructor(
    private readonly readings: SensorReadingQueries,
    private readonly tasks: TaskClient,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  async run({ messages }: SensorBatchJob): Promise<{ inserted: number; alerts: number }> {
    this.metrics.histogram('bus_batch_items').observe({ batch: 'sensors' }, messages.length);
    const alerts = messages.filter(isSmoke).map(fireAlertOf);
    // A fire does not wait for the archive. Both steps may be repeated: the alert's id follows from the reading's.
    await this.tasks.enqueueMany(
      PROCESS_DEVICE_ALERT,
      alerts.map((params) => ({ params, jobId: deviceAlertJobId(params) })),
    );
    const { inserted } = await storeBatch(messages, (entries) => this.readings.insertBatch(entries));
    return { inserted, alerts: alerts.length };
  }
}
