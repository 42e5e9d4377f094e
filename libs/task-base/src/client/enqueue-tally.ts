import type { Metrics } from '@bus/observability';
import type { TaskDefinition } from '../tasks/define-task.ts';

/** Jobs added and duplicates suppressed since the metrics were last read, when they are counted for all calls together. */
export class EnqueueTally {
  private readonly metrics: Metrics;
  private readonly addedJobs = new Map<TaskDefinition, number>();

  constructor(metrics: Metrics) {
    this.metrics = metrics;
    metrics.beforeCollect(() => this.tell());
  }

  added(task: TaskDefinition, jobs: number): void {
    this.addedJobs.set(task, (this.addedJobs.get(task) ?? 0) + jobs);
  }

  suppressed({ queue, name }: TaskDefinition): void {
    this.metrics.counter('bus_task_duplicates_suppressed_total').inc({ queue, task: name });
  }

  private tell(): void {
    for (const [{ queue, name }, jobs] of this.addedJobs) {
      this.metrics.counter('bus_task_enqueued_total').inc({ queue, task: name }, jobs);
    }
    this.addedJobs.clear();
  }
}
