import { Nested, Sensitive, Text } from '@bus/payload-schemas';
import { describe, expect, it } from 'vitest';
import { testSchedule } from '../fixtures/schedule.fixture.ts';
import { defineTask } from '../tasks/define-task.ts';
import { scheduleProblems } from './check-schedule.ts';

class Login {
  @Text(20) user!: string;
  @Sensitive() @Text(50) password!: string;
}
class VisitParams {
  @Text(50) site!: string;
  @Sensitive() @Text(50, { optional: true }) pin?: string | null;
  @Nested(() => Login, { optional: true }) login?: Login | null;
}
const VISIT = defineTask({ name: 'visit', queue: 'default', params: VisitParams });

const problemsOf = (params: unknown) =>
  scheduleProblems(testSchedule({ taskName: 'visit', params }), [VISIT]);

describe('scheduleProblems', () => {
  it('refuses secrets, by the name of each field and without its value', () => {
    const reason = 'is marked sensitive; a schedule keeps its parameters in plain text';
    expect(problemsOf({ site: 'gate', pin: '4711', login: { user: 'kim', password: 'canary' } })).toEqual([
      { field: 'params.pin', reason },
      { field: 'params.login.password', reason },
    ]);
  });

  it('names what is secret beside what is wrong', () => {
    expect(problemsOf({ site: 7, pin: '4711' }).map(({ field }) => field)).toEqual([
      'params.site',
      'params.pin',
    ]);
  });

  it('takes such a task as long as its schedule gives it no secret', () => {
    expect(problemsOf({ site: 'gate', pin: null })).toEqual([]);
  });

  it.each([null, 'text', [{ pin: '4711' }]])(
    'has an answer for parameters that are no object: %j',
    (params) => {
      expect(problemsOf(params)).not.toEqual([]);
    },
  );
});
