/** An error as a log field: everything a reader needs, nothing that only exists in memory. */
export interface ErrorFields {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly stack?: string;
  /** What caused it: the fields of an error, or whatever else was thrown. */
  readonly cause?: unknown;
  /** The parts of an AggregateError. */
  readonly errors?: readonly unknown[];
}

const MAX_DEPTH = 5;

/** The fields of an error that was already cleaned by `redact`. */
export function errorFields(error: Error, depth = 0): ErrorFields {
  return {
    type: error.constructor.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    ...(error.stack ? { stack: error.stack } : {}),
    ...(error.cause === undefined ? {} : { cause: partOf(error.cause, depth) }),
    ...(error instanceof AggregateError ? { errors: error.errors.map((one) => partOf(one, depth)) } : {}),
  };
}

function partOf(value: unknown, depth: number): unknown {
  if (!(value instanceof Error)) return value;
  return depth < MAX_DEPTH ? errorFields(value, depth + 1) : value.message;
}
