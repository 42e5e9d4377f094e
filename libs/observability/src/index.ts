export { currentCorrelationId, runWithCorrelationId } from './correlation/correlation-context.ts';
export { EventLoopMonitor, type EventLoopReport } from './health/event-loop-monitor.ts';
export { ReadinessRegistry, type ReadinessCheck, type ReadinessReport } from './health/readiness-registry.ts';
export { BusLogger, createRootLogger, type LogFormat, type LogLevel } from './logging/bus-logger.ts';
export { ConcealedValues } from './logging/concealed-values.ts';
export { redact, redactText, REDACTED } from './logging/redact.ts';
export {
  METRIC_CATALOG,
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  type MetricName,
} from './metrics/metric-catalog.ts';
export { type LabelRule, type MetricDefinition } from './metrics/metric-definition.ts';
export { Metrics, type MetricObject } from './metrics/metrics.ts';
export { currentScope, runInScope, type WorkScope } from './scope/work-scope.ts';
export { SPAN_ATTRIBUTES } from './tracing/span-attributes.ts';
export { currentTraceId, currentTraceparent, inSpan, isTracing, type SpanDetails } from './tracing/spans.ts';
export { startTracing, type Tracing, type TracingOptions } from './tracing/start-tracing.ts';
