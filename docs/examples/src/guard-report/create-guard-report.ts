import { defineTask } from '@bus/task-base';
import { GuardReportJob } from './guard-report.job.ts';

/** Writes down all rounds of a guard and keeps the document. Made again, it replaces the one before. */
export const CREATE_GUARD_REPORT = defineTask({
  name: 'create_guard_report',
  queue: 'reports',
  params: GuardReportJob,
  softLimitMs: 10 * 60_000,
  hardLimitMs: 15 * 60_000,
});
