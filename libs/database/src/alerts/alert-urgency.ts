import type { AlertSeverity, AlertStatus } from '@bus/payload-schemas';

const SEVERITY_URGENCY: Record<AlertSeverity, number> = { critical: 5, high: 4, medium: 3, low: 2, info: 1 };
const STATUS_URGENCY: Record<AlertStatus, number> = {
  new: 20,
  acknowledged: 10,
  resolved: 0,
  false_alarm: 0,
};

/**
 * The values of the stored column `urgency` that a filter can meet. The column is computed in Postgres; saying the
 * range again lets the list jump to its part of the index instead of reading past everything more urgent.
 */
export function urgencyRange(filter: { status?: AlertStatus; severity?: AlertSeverity }): {
  least: number;
  most: number;
} {
  const statuses =
    filter.status === undefined ? Object.values(STATUS_URGENCY) : [STATUS_URGENCY[filter.status]];
  const severities =
    filter.severity === undefined ? Object.values(SEVERITY_URGENCY) : [SEVERITY_URGENCY[filter.severity]];
  return {
    least: Math.min(...statuses) + Math.min(...severities),
    most: Math.max(...statuses) + Math.max(...severities),
  };
}
