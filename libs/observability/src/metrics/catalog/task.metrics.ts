import { DELIVERY_SECONDS, TASK_SECONDS, type MetricDefinition } from '../metric-definition.ts';

export const TASK_METRICS = {
  bus_task_enqueued_total: {
    type: 'counter',
    help: 'Jobs accepted by the queue, duplicates not counted.',
    labels: { queue: 'any', task: 'any' },
  },
  bus_task_enqueue_failures_total: {
    type: 'counter',
    help: 'Jobs that could not be handed to the queue.',
    labels: { queue: 'any', task: 'any' },
  },
  bus_task_admission_refused_total: {
    type: 'counter',
    help: 'Jobs refused because the memory of Redis is nearly used up.',
    labels: { queue: 'any' },
  },
  bus_task_started_total: {
    type: 'counter',
    help: 'Attempts started, retries included.',
    labels: { queue: 'any', task: 'any' },
  },
  bus_task_completed_total: {
    type: 'counter',
    help: 'Attempts ended, by how they ended.',
    labels: { queue: 'any', task: 'any', result: 'any' },
  },
  bus_task_retried_total: {
    type: 'counter',
    help: 'Failed attempts that will be tried again.',
    labels: { queue: 'any', task: 'any' },
  },
  bus_task_stalled_total: {
    type: 'counter',
    help: 'Jobs taken back from a worker that stopped renewing its lock.',
    labels: { queue: 'any' },
  },
  bus_task_cancelled_total: {
    type: 'counter',
    help: 'Jobs that ended because they were cancelled, waiting ones included.',
    labels: { queue: 'any', task: 'any' },
  },
  bus_task_fenced_total: {
    type: 'counter',
    help: 'Runs whose outcome was not taken because their job had passed to another worker.',
    labels: { queue: 'any', task: 'any' },
  },
  bus_task_abandoned_total: {
    type: 'counter',
    help: 'Runs given up whose handler goes on in the background of its worker.',
    labels: { queue: 'any', task: 'any' },
  },
  bus_task_rejected_total: {
    type: 'counter',
    help: 'Jobs refused before their handler ran.',
    labels: { queue: 'any', task: 'any', reason: 'any' },
  },
  bus_task_dead_letters_total: {
    type: 'counter',
    help: 'Jobs given up and kept as dead letters.',
    labels: { queue: 'any', task: 'any', reason: 'any' },
  },
  bus_task_duplicates_suppressed_total: {
    type: 'counter',
    help: 'Enqueues answered with a job that already existed.',
    labels: { queue: 'any', task: 'any' },
  },
  bus_task_parked_total: {
    type: 'counter',
    help: 'Runs put aside because a service they need is not to be called now; no attempt is counted.',
    labels: { queue: 'any', task: 'any', service: 'any' },
  },
  bus_task_parked_jobs: {
    type: 'gauge',
    help: 'Jobs that wait for a service to be called again.',
    labels: { queue: 'any', service: 'any' },
    aggregator: 'max',
  },
  bus_task_replayed_total: {
    type: 'counter',
    help: 'Jobs of idempotent tasks answered with an outcome that was known already, without running.',
    labels: { queue: 'any', task: 'any' },
  },
  bus_task_duration_seconds: {
    type: 'histogram',
    help: 'Running time of one attempt.',
    labels: { queue: 'any', task: 'any' },
    buckets: TASK_SECONDS,
  },
  bus_task_queue_wait_seconds: {
    type: 'histogram',
    help: 'Time a runnable job waited for a worker, deliberate delay excluded.',
    labels: { queue: 'any', task: 'any' },
    buckets: TASK_SECONDS,
  },
  bus_schedule_slots_total: {
    type: 'counter',
    help: 'Slots of schedules by what became of them; failed: a due schedule or run that cannot work, each time it is looked at.',
    labels: { result: ['enqueued', 'caught_up', 'skipped', 'failed'] },
  },
  bus_schedule_lag_seconds: {
    type: 'histogram',
    help: 'Time from a slot to its job in the queue, deliberate delay and caught-up slots excluded.',
    labels: {},
    buckets: DELIVERY_SECONDS,
  },
  bus_schedules_failing: {
    type: 'gauge',
    help: 'Enabled schedules whose slots cannot be worked out or run, as every worker sees them.',
    labels: {},
    aggregator: 'max',
  },
  bus_task_priority_raised_total: {
    type: 'counter',
    help: 'Waiting jobs moved up within their queue because they had waited long.',
    labels: { queue: 'any' },
  },
  bus_worker_up: {
    type: 'gauge',
    help: 'Whether this process takes jobs from the queue (1) or not (0).',
    labels: { queue: 'any' },
  },
  bus_worker_jobs_active: {
    type: 'gauge',
    help: 'Jobs running in this process.',
    labels: { queue: 'any' },
  },
  bus_worker_errors_total: {
    type: 'counter',
    help: 'Errors of a worker outside any job, such as a lost Redis connection.',
    labels: { queue: 'any' },
  },
} as const satisfies Record<string, MetricDefinition>;
