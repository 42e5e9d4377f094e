import type { RedisConnection } from '@bus/platform';
import type { QueueName } from '../queues/queue-catalog.ts';
import { SETTLE } from './cancel-scripts.lua.ts';
import { concernsRun, parseCancellation } from './cancellation.ts';
import type { Cancellation } from './cancellation.ts';
import { placeOf } from './job-address.ts';

/** A run, as far as a cancel is concerned. */
export interface CancellableRun {
  readonly queue: QueueName;
  readonly jobId: string;
  readonly job: { readonly timestamp: number };
}

interface SettleCommand {
  busSettleCancel(key: string, requestTime: string, outcome: string, nowMs: number): Promise<number>;
}

/** The worker's side of cancelling: which of its runs are to end, and what came of it. */
export class RunCancellations {
  private readonly connection: RedisConnection;
  private readonly commands: SettleCommand;

  constructor(connection: RedisConnection) {
    this.connection = connection;
    connection.defineCommand('busSettleCancel', { numberOfKeys: 1, lua: SETTLE });
    this.commands = connection as unknown as SettleCommand;
  }

  /** The cancellation each run of one queue has to honour, in their order; one round trip. */
  async of(runs: readonly CancellableRun[]): Promise<(Cancellation | undefined)[]> {
    if (runs.length === 0) return [];
    const stored = await this.connection.mget(
      runs.map(({ queue, jobId }) => placeOf(queue, jobId).cancellation),
    );
    return runs.map((run, index) => {
      const cancellation = parseCancellation(stored[index]);
      return concernsRun(cancellation, run.job.timestamp) ? cancellation : undefined;
    });
  }

  /** Records how a requested cancel of the run ended; changes nothing when none was requested. */
  async settle({ queue, jobId, job }: CancellableRun, outcome: 'cancelled' | 'too_late'): Promise<void> {
    const key = placeOf(queue, jobId).cancellation;
    await this.commands.busSettleCancel(key, String(job.timestamp), outcome, Date.now());
  }
}
