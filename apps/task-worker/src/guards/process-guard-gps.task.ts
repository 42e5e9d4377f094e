import { GuardLocationQueries } from '@bus/database';
import { Metrics } from '@bus/observability';
import type { GuardGpsBatchJob } from '@bus/payload-schemas';
import { BaseTask, PROCESS_GUARD_GPS, Task } from '@bus/task-base';
import { storeBatch } from '../storage/store-batch.ts';

/** Stores guard positions, a batch with one insert. Positions already there are ignored. */
@Task(PROCESS_GUARD_GPS)
export class ProcessGuardGps extends BaseTask<GuardGpsBatchJob, { inserted: number }> {
  constructor(
    private readonly locations: GuardLocationQueries,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  async run({ messages }: GuardGpsBatchJob): Promise<{ inserted: number }> {
    this.metrics.histogram('bus_batch_items').observe({ batch: 'guards' }, messages.length);
    return storeBatch(messages, (entries) => this.locations.insertBatch(entries));
  }
}
