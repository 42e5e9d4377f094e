import { describe, expect, it } from 'vitest';
import { taskRun } from '../fixtures/task-run.fixture.ts';
import { ScheduleReports } from '../schedules/schedule-reports.ts';
import type { ScheduleRunStore } from '../schedules/schedule-store.ts';
import { skipSettledRun } from './skip-settled-run.ts';

function reportsOver(start: ScheduleRunStore['start']): { reports: ScheduleReports; asked: unknown[] } {
  const asked: unknown[] = [];
  const store: Pick<ScheduleRunStore, 'start'> = {
    start: (runId, { queue, jobId }) => {
      asked.push([runId, queue, jobId]);
      return start(runId, { queue, jobId });
    },
  };
  return { reports: new ScheduleReports(store as ScheduleRunStore), asked };
}

const plain = taskRun();
const scheduled = taskRun({
  job: { ...plain.job, data: { params: {}, meta: { schedule_run_id: '7' } } },
});
const ran = () => Promise.resolve('ran');

describe('skipSettledRun', () => {
  it('asks nobody about a job no schedule has caused', async () => {
    const { reports, asked } = reportsOver(() => Promise.resolve(false));
    expect(await skipSettledRun(reports)(plain, ran)).toBe('ran');
    expect(await skipSettledRun(undefined)(scheduled, ran)).toBe('ran');
    expect(asked).toEqual([]);
  });

  it('runs a scheduled job and tells which one it is', async () => {
    const { reports, asked } = reportsOver(() => Promise.resolve(true));
    expect(await skipSettledRun(reports)(scheduled, ran)).toBe('ran');
    expect(asked).toEqual([['7', 'critical', 'echo-1']]);
  });

  it('ends a late copy without running it', async () => {
    const { reports } = reportsOver(() => Promise.resolve(false));
    expect(await skipSettledRun(reports)(scheduled, ran)).toEqual({
      skipped: 'schedule_run_succeeded_before',
    });
  });

  it('runs when the store cannot say: twice is better than never', async () => {
    const { reports } = reportsOver(() => Promise.reject(new Error('away')));
    expect(await skipSettledRun(reports)(scheduled, ran)).toBe('ran');
  });
});
