/** How often and how patiently a task is tried again. The first run is not a retry: attempts = retries + 1. */
export interface RetryPolicy {
  readonly retries: number;
  /** Wait before the first retry, in milliseconds; doubles with each further one. */
  readonly backoffMs: number;
  /** The wait never grows beyond this, in milliseconds. */
  readonly maxBackoffMs: number;
}

/** How long finished jobs stay in Redis. A kept job makes a second enqueue with its id a duplicate. */
export interface KeptJobs {
  readonly ageSeconds: number;
  readonly count: number;
}

/** One lane of work. Every field is required: a half-configured queue does not compile. */
export interface QueueDefinition {
  /** Of the lane, 10 = most urgent, 0 = least; the default priority of its tasks. */
  readonly priority: number;
  /** Jobs one worker process runs at the same time. */
  readonly concurrency: number;
  /** A worker that shows no sign of life for this long has lost its jobs. Renewed at half this time. */
  readonly lockDurationMs: number;
  /** How often lost jobs are looked for. A killed worker's job is redone within lockDurationMs + stalledIntervalMs. */
  readonly stalledIntervalMs: number;
  /** A job that loses its worker more often than this becomes a dead letter instead of being redone. */
  readonly maxStalledCount: number;
  /** Largest job data in bytes of JSON. */
  readonly maxJobBytes: number;
  readonly keepCompleted: KeptJobs;
  readonly keepFailed: KeptJobs;
  /** What a task of this queue gets when it names no retries of its own. */
  readonly retry: RetryPolicy;
}

const HOUR_SECONDS = 3_600;
const WEEK_SECONDS = 7 * 24 * HOUR_SECONDS;
const MIB = 1024 * 1024;

const DEFAULT_RETRY: RetryPolicy = { retries: 3, backoffMs: 60_000, maxBackoffMs: 600_000 };

/** Work a person waits for: a dead worker is noticed in seconds, at the price of a check every 1.5 seconds. */
const URGENT = { lockDurationMs: 5_000, stalledIntervalMs: 1_500, maxStalledCount: 5 } as const;
const PROMPT = { lockDurationMs: 10_000, stalledIntervalMs: 5_000, maxStalledCount: 5 } as const;
const PATIENT = { lockDurationMs: 30_000, stalledIntervalMs: 15_000, maxStalledCount: 3 } as const;
/** Work that may block its process for a while; a lock lost too early would run it twice. */
const LONG_RUNNING = { lockDurationMs: 60_000, stalledIntervalMs: 30_000, maxStalledCount: 2 } as const;

const KEEP_FAILED: KeptJobs = { ageSeconds: WEEK_SECONDS, count: 10_000 };
const KEEP_COMPLETED: KeptJobs = { ageSeconds: HOUR_SECONDS, count: 1_000 };
/** Batches are large and never looked at again: a few for the curious, not an hour of telemetry in Redis. */
const KEEP_COMPLETED_BATCHES: KeptJobs = { ageSeconds: 600, count: 50 };

/** Every queue of the bus with all its settings. */
export const QUEUES = {
  critical: {
    priority: 10,
    concurrency: 64,
    ...URGENT,
    maxJobBytes: 2 * MIB,
    // An hour, so that a device's resend or a second ingest replica meets the first job instead of a new one.
    keepCompleted: { ageSeconds: HOUR_SECONDS, count: 20_000 },
    keepFailed: KEEP_FAILED,
    retry: DEFAULT_RETRY,
  },
  device_commands: {
    priority: 9,
    concurrency: 32,
    ...URGENT,
    maxJobBytes: MIB,
    keepCompleted: KEEP_COMPLETED,
    keepFailed: KEEP_FAILED,
    retry: DEFAULT_RETRY,
  },
  high_priority: {
    priority: 8,
    concurrency: 16,
    ...PROMPT,
    maxJobBytes: 8 * MIB,
    keepCompleted: KEEP_COMPLETED_BATCHES,
    keepFailed: KEEP_FAILED,
    retry: DEFAULT_RETRY,
  },
  email: {
    priority: 7,
    concurrency: 8,
    ...PATIENT,
    maxJobBytes: MIB,
    keepCompleted: KEEP_COMPLETED,
    keepFailed: KEEP_FAILED,
    retry: DEFAULT_RETRY,
  },
  reports: {
    priority: 6,
    concurrency: 2,
    ...LONG_RUNNING,
    maxJobBytes: MIB,
    keepCompleted: KEEP_COMPLETED,
    keepFailed: KEEP_FAILED,
    retry: DEFAULT_RETRY,
  },
  default: {
    priority: 5,
    concurrency: 8,
    ...PATIENT,
    maxJobBytes: MIB,
    keepCompleted: KEEP_COMPLETED,
    keepFailed: KEEP_FAILED,
    retry: DEFAULT_RETRY,
  },
  analytics: {
    priority: 4,
    concurrency: 4,
    ...PATIENT,
    maxJobBytes: MIB,
    keepCompleted: KEEP_COMPLETED,
    keepFailed: KEEP_FAILED,
    retry: DEFAULT_RETRY,
  },
  external_api: {
    priority: 4,
    concurrency: 16,
    ...PATIENT,
    maxJobBytes: 8 * MIB,
    keepCompleted: KEEP_COMPLETED_BATCHES,
    keepFailed: KEEP_FAILED,
    retry: DEFAULT_RETRY,
  },
  maintenance: {
    priority: 3,
    concurrency: 4,
    ...PATIENT,
    maxJobBytes: 8 * MIB,
    keepCompleted: KEEP_COMPLETED_BATCHES,
    keepFailed: KEEP_FAILED,
    retry: DEFAULT_RETRY,
  },
  batch_processing: {
    priority: 2,
    concurrency: 2,
    ...LONG_RUNNING,
    maxJobBytes: 8 * MIB,
    keepCompleted: KEEP_COMPLETED_BATCHES,
    keepFailed: KEEP_FAILED,
    retry: DEFAULT_RETRY,
  },
  ai_processing: {
    priority: 1,
    concurrency: 4,
    ...LONG_RUNNING,
    maxJobBytes: MIB,
    keepCompleted: KEEP_COMPLETED,
    keepFailed: KEEP_FAILED,
    retry: DEFAULT_RETRY,
  },
  ml_training: {
    priority: 0,
    concurrency: 1,
    ...LONG_RUNNING,
    maxJobBytes: MIB,
    keepCompleted: KEEP_COMPLETED,
    keepFailed: KEEP_FAILED,
    retry: DEFAULT_RETRY,
  },
} as const satisfies Record<string, QueueDefinition>;

export type QueueName = keyof typeof QUEUES;

export const QUEUE_NAMES = Object.keys(QUEUES) as QueueName[];
