import { IntegerFrom, NumberFrom, Text } from '@bus/payload-schemas';
import { defineTask, toBullPriority } from '@bus/task-base';

/** Longest uptime of a machine whose clock still fits, in milliseconds: thirty years. */
const MAX_CLOCK_MS = 1e12;

/** Parameters of about 300 bytes, as most tasks have. */
export class BenchParams {
  @IntegerFrom(0, 1_000_000_000) number!: number;
  /** When the producer was called, by `clockMs`; only where the way to the handler is measured. */
  @NumberFrom(0, MAX_CLOCK_MS, 'milliseconds', { optional: true }) sent_at_ms?: number;
  @Text(400) text!: string;
}

/** The task both sides run. */
export const BENCH_TASK = defineTask({ name: 'bench_task', queue: 'default', params: BenchParams });

/** BullMQ's own form of the priority and the retries of the task, for the bare side. */
export const BARE_PRIORITY = toBullPriority(BENCH_TASK.priority);
export const BARE_ATTEMPTS = BENCH_TASK.retry.retries + 1;

const TEXT = 'The motion sensor at the north gate reports activity outside of working hours. '.repeat(3);

export function benchParams(number: number, sentAtMs?: number): BenchParams {
  return sentAtMs === undefined ? { number, text: TEXT } : { number, sent_at_ms: sentAtMs, text: TEXT };
}

/** What the handler of either side comes to. */
export interface BenchResult {
  readonly number: number;
  readonly stored: true;
}
