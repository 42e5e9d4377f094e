import { describe, expect, it } from 'vitest';
import { dueSchedule } from '../fixtures/schedule.fixture.ts';
import { testTask } from '../fixtures/test-tasks.fixture.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { decideSlots } from './decide-slots.ts';
import type { Schedule } from './schedule.ts';
import type { DueSchedule } from './schedule-store.ts';

const catalog = [testTask('echo')] as unknown as TaskDefinition[];

/** What is decided, each slot as `hh:mm:ss state (reason)`. */
function decide(
  now: string,
  changes: Partial<Schedule>,
  open: Partial<Pick<DueSchedule, 'openRuns' | 'waitingRuns'>> = {},
): { slots: string[]; next: string | null } {
  const decision = decideSlots(dueSchedule(now, changes, open), catalog);
  if (!decision.ok) throw new Error(decision.error);
  return {
    slots: decision.slots.map(({ slotAt, cause, state, reason }) =>
      [slotAt.toISOString().slice(11, 19), cause, state, ...(reason === null ? [] : [reason])].join(' '),
    ),
    next: decision.nextSlotAt?.toISOString().slice(11, 19) ?? null,
  };
}

const at = (time: string): Date => new Date(`2026-01-01T${time}Z`);

describe('decideSlots', () => {
  it('counts from now on when no slot is worked out yet', () => {
    expect(decide('2026-01-01T10:00:30Z', {})).toEqual({ slots: [], next: '10:01:00' });
    expect(decide('2026-01-01T10:00:30Z', { startsAt: at('12:00:00') }).next).toBe('12:00:00');
    expect(decide('2026-01-01T10:00:30Z', { endsAt: at('10:00:45') }).next).toBeNull();
  });

  it('runs a slot that has come, and names the next', () => {
    expect(decide('2026-01-01T10:01:00.004Z', { nextSlotAt: at('10:01:00') })).toEqual({
      slots: ['10:01:00 slot due'],
      next: '10:02:00',
    });
  });

  it('runs every slot that is only late, whatever the policy', () => {
    for (const catchUp of ['skip', 'once', 'all'] as const) {
      const timing = { cron: '*/10 * * * * *', nextSlotAt: at('10:00:00'), catchUp };
      expect(decide('2026-01-01T10:00:35Z', timing)).toEqual({
        slots: ['10:00:00 slot due', '10:00:10 slot due', '10:00:20 slot due', '10:00:30 slot due'],
        next: '10:00:40',
      });
    }
  });

  it('takes a time set by hand for a slot', () => {
    expect(decide('2026-01-01T10:00:25Z', { nextSlotAt: at('10:00:17') })).toEqual({
      slots: ['10:00:17 slot due'],
      next: '10:01:00',
    });
  });

  describe('slots missed for six minutes', () => {
    const missed = { nextSlotAt: at('10:00:00'), cron: '0 */2 * * * *' };
    const now = '2026-01-01T10:07:30Z';

    it('skip: one record for all of them', () => {
      expect(decide(now, { ...missed, catchUp: 'skip' })).toEqual({
        slots: ['10:00:00 slot skipped missed: 4 slots, the last at 2026-01-01T10:06:00.000Z'],
        next: '10:08:00',
      });
    });

    it('once: a run for the latest', () => {
      expect(decide(now, { ...missed, catchUp: 'once' }).slots).toEqual([
        '10:00:00 slot skipped missed: 3 slots, the last at 2026-01-01T10:04:00.000Z',
        '10:06:00 catch_up due',
      ]);
      expect(decide('2026-01-01T10:01:30Z', { ...missed, catchUp: 'once' }).slots).toEqual([
        '10:00:00 catch_up due',
      ]);
    });

    it('once: none when a slot is due right now, which makes up for them', () => {
      expect(decide('2026-01-01T10:08:01Z', { ...missed, catchUp: 'once' }).slots).toEqual([
        '10:00:00 slot skipped missed: 4 slots, the last at 2026-01-01T10:06:00.000Z',
        '10:08:00 slot due',
      ]);
    });

    it('all: a run for each, oldest first, and the slot of now after them', () => {
      expect(decide('2026-01-01T10:08:01Z', { ...missed, catchUp: 'all' }).slots).toEqual([
        '10:00:00 catch_up due',
        '10:02:00 catch_up due',
        '10:04:00 catch_up due',
        '10:06:00 catch_up due',
        '10:08:00 slot due',
      ]);
    });

    it('all: no more than the limit, the rest on record', () => {
      expect(decide(now, { ...missed, catchUp: 'all', catchUpLimit: 2 }).slots).toEqual([
        '10:00:00 catch_up due',
        '10:02:00 catch_up due',
        '10:04:00 slot skipped missed: 2 slots, the last at 2026-01-01T10:06:00.000Z',
      ]);
    });

    it('all: one after another where runs must not overlap', () => {
      expect(decide('2026-01-01T10:08:01Z', { ...missed, catchUp: 'all', overlap: 'skip' }).slots).toEqual([
        '10:00:00 catch_up due',
        '10:02:00 catch_up waiting',
        '10:04:00 catch_up waiting',
        '10:06:00 catch_up waiting',
        '10:08:00 slot skipped overlap: an earlier run of it has not finished',
      ]);
    });

    it('all: none when a run from before is still going and overlap is skipped', () => {
      const { slots } = decide(now, { ...missed, catchUp: 'all', overlap: 'skip' }, { openRuns: 1 });
      expect(slots.every((slot) => slot.includes('skipped overlap'))).toBe(true);
    });
  });

  it.each(['skip', 'once', 'all'] as const)(
    '%s: a year of missed seconds is decided in one go',
    (catchUp) => {
      const timing = { cron: null, everySeconds: 1, nextSlotAt: at('10:00:00'), catchUp, catchUpLimit: 3 };
      const decision = decideSlots(dueSchedule('2027-01-01T10:00:00Z', timing), catalog);
      expect(decision.ok && decision.slots.length).toBeLessThan(80);
      expect(decision.ok && decision.slots.some(({ reason }) => reason?.includes('1000 slots or more'))).toBe(
        true,
      );
    },
  );

  describe('while an earlier run is not finished', () => {
    const slot = { nextSlotAt: at('10:01:00') };
    const now = '2026-01-01T10:01:00Z';

    it.each([
      ['allow', {}, '10:01:00 slot due'],
      ['skip', {}, '10:01:00 slot skipped overlap: an earlier run of it has not finished'],
      ['queue', {}, '10:01:00 slot waiting'],
      ['queue', { waitingRuns: 1 }, '10:01:00 slot skipped overlap: another run of it is waiting already'],
      [
        'skip',
        { openRuns: 0, waitingRuns: 1 },
        '10:01:00 slot skipped overlap: an earlier run of it has not finished',
      ],
    ] as const)('%s %o', (overlap, open, expected) => {
      expect(decide(now, { ...slot, overlap }, { openRuns: 1, ...open }).slots).toEqual([expected]);
    });

    it('counts runs of the same decision', () => {
      const late = { cron: '*/10 * * * * *', nextSlotAt: at('10:00:00') };
      expect(decide('2026-01-01T10:00:21Z', { ...late, overlap: 'queue' }).slots).toEqual([
        '10:00:00 slot due',
        '10:00:10 slot waiting',
        '10:00:20 slot skipped overlap: another run of it is waiting already',
      ]);
    });
  });

  it.each([
    [{ taskName: 'nobody' }, "task_name 'nobody' is not in the catalog"],
    [{ params: { text: 5 } }, 'params.text'],
    [{ params: [] }, 'params.(message) must be a JSON object'],
    [{ params: null }, 'params.(message) must be a JSON object'],
    [{ cron: 'every now and then' }, "cron 'every now and then'"],
    [{ timeZone: 'Mars/Phobos' }, "time_zone 'Mars/Phobos'"],
  ] satisfies [Partial<Schedule>, string][])(
    'says what is wrong with %o and decides nothing',
    (changes, text) => {
      const decision = decideSlots(
        dueSchedule('2026-01-01T10:01:00Z', { nextSlotAt: at('10:01:00'), ...changes }),
        catalog,
      );
      expect(decision).toEqual({ ok: false, error: expect.stringContaining(text) });
    },
  );
});
