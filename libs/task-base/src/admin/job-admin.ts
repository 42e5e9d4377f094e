import { Job } from 'bullmq';
import type { RedisConnection } from '@bus/platform';
import type { Cancellation } from '../cancel/cancellation.ts';
import { TASK_CATALOG } from '../catalog/task-catalog.ts';
import { ProducerQueues } from '../client/producer-queues.ts';
import { QUEUE_NAMES } from '../queues/queue-catalog.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { JobSearchError } from './admin.errors.ts';
import { searchJobs } from './job-search.ts';
import type { FoundJobs, JobSearch } from './job-search.ts';
import { parsedOrText } from './job-view.ts';
import type { JobRef, JobView } from './job-view.ts';
import { jobSteps, stepsOfCancellation } from './job-steps.ts';
import type { JobStep } from './job-steps.ts';
import { jobKey, StoredJobs } from './stored-jobs.ts';
import { readWorkRecord } from './work-record.ts';
import type { WorkRecord } from './work-record.ts';

/** What became of a wish to run a job again. */
export type RetryOutcome = 'retried' | 'not-failed' | 'gone';

/** BullMQ's codes for a job that is not in the state it was asked to leave, and for one that is gone. */
const NOT_IN_THAT_STATE = -3;
const MISSING = -1;

/** Looks at single jobs and steers them, from any process. Rejects when Redis does not answer. */
export class JobAdmin {
  private readonly connection: RedisConnection;
  private readonly queues: ProducerQueues;
  private readonly stored: StoredJobs;
  private readonly catalog: readonly TaskDefinition[];

  /** The connection stays the caller's. Its errors are those of the calls. */
  constructor(connection: RedisConnection, catalog: readonly TaskDefinition[] = TASK_CATALOG) {
    this.connection = connection;
    this.catalog = catalog;
    this.queues = new ProducerQueues(connection, () => undefined);
    this.stored = new StoredJobs(connection);
  }

  /** @throws JobSearchError when the search cannot be understood */
  async find(search: JobSearch): Promise<FoundJobs> {
    const path = Object.keys(search.params ?? {}).find((one) => one.split('.').includes(''));
    if (path !== undefined) throw new JobSearchError(`'${path}' is no path of a parameter`);
    return searchJobs(this.connection, search);
  }

  /** The job with this id, in whatever queue it is; undefined when no queue has it. */
  async show(jobId: string, queue?: QueueName): Promise<JobView | undefined> {
    const [ref] = await this.stored.locate(jobId, queue === undefined ? undefined : [queue]);
    return ref === undefined ? undefined : this.stored.read(ref);
  }

  /** The last cancel of a job, also of one that it took out of its queue; undefined when there was none, or long ago. */
  async cancellation(
    jobId: string,
    queues: readonly QueueName[] = QUEUE_NAMES,
  ): Promise<(JobRef & { readonly cancellation: Cancellation }) | undefined> {
    const refs = queues.map((queue) => ({ queue, jobId }));
    const found = await Promise.all(refs.map((ref) => this.stored.cancellationOf(ref)));
    return refs
      .map((ref, index) => ({ ...ref, cancellation: found[index] }))
      .find((one): one is JobRef & { cancellation: Cancellation } => one.cancellation !== undefined);
  }

  /** What is known of the idempotent piece of work a job is for; undefined when it is for none, or nothing is. */
  async workRecord({
    queue,
    jobId,
    taskName,
  }: JobRef & Pick<JobView, 'taskName'>): Promise<WorkRecord | undefined> {
    const task = this.catalog.find(({ name }) => name === taskName);
    if (task === undefined) return undefined;
    const data = await this.connection.hget(jobKey({ queue, jobId }), 'data');
    return readWorkRecord(this.connection, task, { jobId, data: parsedOrText(data ?? undefined) });
  }

  /**
   * Lets a job that failed for good run again, with all its attempts. It keeps its count of starts, so the new run knows that the work
   * may be half done. Of two who retry one job only one does.
   */
  async retry({ queue, jobId }: JobRef): Promise<RetryOutcome> {
    const opened = await this.queues.ready(queue);
    try {
      // Built by hand rather than read: reading would throw on a job whose data is damaged.
      await new Job(opened, '', {}, {}, jobId).retry('failed', { resetAttemptsMade: true });
      return 'retried';
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (code === NOT_IN_THAT_STATE) return 'not-failed';
      if (code === MISSING) return 'gone';
      throw error;
    }
  }

  /** Removes a job that has failed for good. False when there is none by now, or when it runs again. */
  async removeFailed(ref: JobRef): Promise<boolean> {
    if ((await this.stored.stateOf(ref)) !== 'failed') return false;
    return (await (await this.queues.ready(ref.queue)).remove(ref.jobId)) === 1;
  }

  /**
   * What is known in Redis about a piece of work, in the order it happened: of the job with this id and of all jobs with its
   * correlation id, or of those with `id` as their correlation id.
   */
  async steps(id: string): Promise<{ correlationId: string; jobs: JobView[]; steps: JobStep[] }> {
    const named = await this.show(id);
    const correlationId = named?.correlationId ?? id;
    const { jobs: related } = await this.find({ correlationId, limit: MAX_RELATED_JOBS });
    const others = related.filter((job) => job.jobId !== named?.jobId);
    const jobs = named === undefined ? others : [named, ...others];
    const steps = await jobSteps(this.connection, jobs);
    return { correlationId, jobs, steps: [...(await this.stepsOfGone(id, named)), ...steps] };
  }

  private async stepsOfGone(jobId: string, job: JobView | undefined): Promise<JobStep[]> {
    const gone = job === undefined ? await this.cancellation(jobId) : undefined;
    return gone === undefined ? [] : stepsOfCancellation(gone, gone.cancellation);
  }
}

/** A batch fans out into a few jobs; hundreds with one correlation id are not read by anyone. */
const MAX_RELATED_JOBS = 200;
