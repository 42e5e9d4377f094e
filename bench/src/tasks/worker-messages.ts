/** What a worker process tells the scenario. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'progress';
      readonly done: number;
      readonly rssBytes: number;
      readonly heapUsedBytes: number;
    }
  /** The last job has begun; `spanMs` counts from the first one after the warm-up. */
  | { readonly kind: 'finished'; readonly spanMs: number }
  | { readonly kind: 'latencies'; readonly latenciesMs: readonly number[] }
  | { readonly kind: 'failed'; readonly reason: string };

/** What the scenario asks of a worker process. */
export type WorkerRequest = 'latencies';
