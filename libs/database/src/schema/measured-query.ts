import type { Metrics } from '@bus/observability';

/**
 * Runs a query and measures it under a name from the code, waiting for a connection included. Without metrics (a
 * test, a tool) it only runs it.
 */
export async function measuredQuery<T>(
  metrics: Metrics | undefined,
  query: string,
  run: () => Promise<T>,
): Promise<T> {
  if (metrics === undefined) return run();
  const stop = metrics.histogram('bus_database_query_seconds').startTimer({ query });
  try {
    return await run();
  } catch (error) {
    metrics.counter('bus_database_errors_total').inc({ source: 'query' });
    throw error;
  } finally {
    stop();
  }
}
