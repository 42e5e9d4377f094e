import { QUEUES } from '@bus/task-base';
import { BENCH_TASK } from './bench-task.ts';

/** The queue of the bare side: its name and prefix have the form, and it has the settings, of the bus's. */
export const BARE_QUEUE = BENCH_TASK.queue;
export const BARE_PREFIX = `bare:{${BARE_QUEUE}}`;
export const BARE_SETTINGS = QUEUES[BARE_QUEUE];
