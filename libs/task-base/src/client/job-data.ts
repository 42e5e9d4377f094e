/** What lies in Redis as the data of a job. Wire form, so snake_case; it only grows, because jobs already queued carry it. */
export interface JobData {
  readonly params: unknown;
  readonly meta: {
    readonly correlation_id: string;
    /** ISO 8601, by the clock of the process that enqueued. */
    readonly enqueued_at: string;
    /** The run of a schedule this job is for. Optional: only scheduled jobs have one. */
    readonly schedule_run_id?: string | undefined;
    /** W3C trace context of the enqueuing; jobs of a process without tracing, and older ones, have none. */
    readonly traceparent?: string | undefined;
  };
}

const MAX_CORRELATION_ID_LENGTH = 128;

/** The correlation id of stored job data, whatever lies there; undefined when there is none to trust. */
export function readCorrelationId(data: unknown): string | undefined {
  const id = fieldOf(fieldOf(data, 'meta'), 'correlation_id');
  return typeof id === 'string' && id.length > 0 && id.length <= MAX_CORRELATION_ID_LENGTH ? id : undefined;
}

const RUN_ID = /^[0-9]{1,18}$/;

/** The schedule run of stored job data; undefined when there is none to trust. */
export function readScheduleRunId(data: unknown): string | undefined {
  const id = fieldOf(fieldOf(data, 'meta'), 'schedule_run_id');
  return typeof id === 'string' && RUN_ID.test(id) ? id : undefined;
}

/** The trace a stored job belongs to, as it lies there; undefined when it names none. */
export function readTraceparent(data: unknown): string | undefined {
  const traceparent = fieldOf(fieldOf(data, 'meta'), 'traceparent');
  return typeof traceparent === 'string' ? traceparent : undefined;
}

/** The parameters of stored job data, unchecked; undefined when the data is not a job of this bus. */
export function readParams(data: unknown): unknown {
  return fieldOf(data, 'params');
}

function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined;
  return (value as Record<string, unknown>)[field];
}
