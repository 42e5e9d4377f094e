import { SystemHealthQueries } from '@bus/database';
import { Metrics } from '@bus/observability';
import type { SystemHealthBatchJob } from '@bus/payload-schemas';
import { BaseTask, PROCESS_SYSTEM_HEALTH, Task } from '@bus/task-base';
import { storeBatch } from '../storage/store-batch.ts';

/** Stores health reports of edge servers, a batch with one insert. Reports already there are ignored. */
@Task(PROCESS_SYSTEM_HEALTH)
export class ProcessSystemHealth extends BaseTask<SystemHealthBatchJob, { inserted: number }> {
  constructor(
    private readonly health: SystemHealthQueries,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  async run({ messages }: SystemHealthBatchJob): Promise<{ inserted: number }> {
    this.metrics.histogram('bus_batch_items').observe({ batch: 'systems' }, messages.length);
    return storeBatch(messages, (entries) => this.health.insertBatch(entries));
  }
}
