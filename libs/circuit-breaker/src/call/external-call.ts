/** How a service is called. */
export interface ExternalCallOptions {
  /** The call is given up after this long and counts as a failure, in milliseconds. @default of the service's circuit, 10 s */
  readonly timeoutMs?: number;
  /** Further attempts after a failure, each one a call for the circuit too. For calls that may be repeated. @default 0 */
  readonly retries?: number;
  /** Calls of this process at the same time; calls with the same limit share it. @default of the service's circuit */
  readonly maxConcurrent?: number;
  /**
   * Whether an error says that the service is ill. False for answers such as "no such thing": the service is well, the
   * question was wrong. The error is thrown either way. @default every error
   */
  readonly isFailure?: (error: unknown) => boolean;
  /** Ends the call when the caller has lost interest. That says nothing about the service. */
  readonly signal?: AbortSignal;
}

/** The call itself. It should end when the signal is aborted: at its timeout, or when the caller's is. */
export type ExternalCall<T> = (signal: AbortSignal) => Promise<T>;
