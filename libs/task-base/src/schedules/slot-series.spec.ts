import { describe, expect, it } from 'vitest';
import { testSchedule } from '../fixtures/schedule.fixture.ts';
import type { ScheduleTiming } from './schedule.ts';
import { SlotSeries, timingProblems } from './slot-series.ts';

const series = (timing: Partial<ScheduleTiming>) => new SlotSeries(testSchedule(timing));

/** All slots after `from` and before `to`, in UTC without seconds. */
function slots(timing: Partial<ScheduleTiming>, from: string, to: string): string[] {
  const found: string[] = [];
  const all = series(timing);
  for (
    let slot = all.after(new Date(from));
    slot !== undefined && slot < new Date(to);
    slot = all.after(slot)
  ) {
    found.push(slot.toISOString().slice(5, 16).replace('T', ' '));
  }
  return found;
}

describe('SlotSeries over a change of the clock', () => {
  // Each row is worked out by hand from the time zone's rules, in UTC.
  it.each([
    {
      what: 'Berlin, into the gap of spring: once, at the first moment after it',
      cron: '30 2 * * *',
      timeZone: 'Europe/Berlin',
      from: '2026-03-28T00:00Z',
      to: '2026-03-31T00:00Z',
      expected: ['03-28 01:30', '03-29 01:00', '03-30 00:30'],
    },
    {
      what: 'Berlin, the hour that comes twice in autumn: once, the first time',
      cron: '30 2 * * *',
      timeZone: 'Europe/Berlin',
      from: '2026-10-24T00:00Z',
      to: '2026-10-27T00:00Z',
      expected: ['10-24 00:30', '10-25 00:30', '10-26 01:30'],
    },
    {
      what: 'New York, spring',
      cron: '30 2 * * *',
      timeZone: 'America/New_York',
      from: '2026-03-07T00:00Z',
      to: '2026-03-10T00:00Z',
      expected: ['03-07 07:30', '03-08 07:00', '03-09 06:30'],
    },
    {
      what: 'New York, autumn',
      cron: '30 1 * * *',
      timeZone: 'America/New_York',
      from: '2026-10-31T00:00Z',
      to: '2026-11-03T00:00Z',
      expected: ['10-31 05:30', '11-01 05:30', '11-02 06:30'],
    },
    {
      what: 'Lord Howe jumps by half an hour',
      cron: '15 2 * * *',
      timeZone: 'Australia/Lord_Howe',
      from: '2026-10-03T00:00Z',
      to: '2026-10-06T00:00Z',
      expected: ['10-03 15:30', '10-04 15:15', '10-05 15:15'],
    },
    {
      what: 'Lord Howe goes back by half an hour',
      cron: '45 1 * * *',
      timeZone: 'Australia/Lord_Howe',
      from: '2026-04-03T00:00Z',
      to: '2026-04-06T00:00Z',
      expected: ['04-03 14:45', '04-04 14:45', '04-05 15:15'],
    },
    {
      what: 'a list of hours, one of them in the gap',
      cron: '30 2,14 * * *',
      timeZone: 'Europe/Berlin',
      from: '2026-03-28T20:00Z',
      to: '2026-03-30T02:00Z',
      expected: ['03-29 01:00', '03-29 12:30', '03-30 00:30'],
    },
    {
      what: 'a list of hours, one of them twice',
      cron: '30 2,14 * * *',
      timeZone: 'Europe/Berlin',
      from: '2026-10-24T20:00Z',
      to: '2026-10-26T02:00Z',
      expected: ['10-25 00:30', '10-25 13:30', '10-26 01:30'],
    },
    {
      what: 'midnight that does not exist',
      cron: '0 0 * * *',
      timeZone: 'America/Santiago',
      from: '2026-09-05T00:00Z',
      to: '2026-09-08T00:00Z',
      expected: ['09-05 04:00', '09-06 04:00', '09-07 03:00'],
    },
    {
      what: 'Istanbul has no change at all',
      cron: '30 2 * * *',
      timeZone: 'Europe/Istanbul',
      from: '2026-03-28T00:00Z',
      to: '2026-03-30T00:00Z',
      expected: ['03-28 23:30', '03-29 23:30'],
    },
    {
      what: 'every quarter of an hour is every real one, forward',
      cron: '*/15 * * * *',
      timeZone: 'Europe/Berlin',
      from: '2026-03-29T00:29Z',
      to: '2026-03-29T01:31Z',
      expected: ['03-29 00:30', '03-29 00:45', '03-29 01:00', '03-29 01:15', '03-29 01:30'],
    },
    {
      what: 'every quarter of an hour is every real one, back',
      cron: '*/15 * * * *',
      timeZone: 'Australia/Lord_Howe',
      from: '2026-04-04T14:29Z',
      to: '2026-04-04T15:31Z',
      expected: ['04-04 14:30', '04-04 14:45', '04-04 15:00', '04-04 15:15', '04-04 15:30'],
    },
    {
      what: 'a step inside one hour has no slot in the gap',
      cron: '*/30 2 * * *',
      timeZone: 'Europe/Berlin',
      from: '2026-03-28T20:00Z',
      to: '2026-03-30T02:00Z',
      expected: ['03-30 00:00', '03-30 00:30'],
    },
    {
      what: 'and slots in both passes of the hour that comes twice',
      cron: '*/30 2 * * *',
      timeZone: 'Europe/Berlin',
      from: '2026-10-24T20:00Z',
      to: '2026-10-25T20:00Z',
      expected: ['10-25 00:00', '10-25 00:30', '10-25 01:00', '10-25 01:30'],
    },
  ])('$cron in $timeZone: $what', ({ cron, timeZone, from, to, expected }) => {
    expect(slots({ cron, timeZone }, from, to)).toEqual(expected);
  });

  it.each([
    ['30 2 * * *', 'Europe/Berlin', '2026-03-28T20:00Z'],
    ['30 1,2,3 * * *', 'Europe/Berlin', '2026-10-24T20:00Z'],
    ['*/15 * * * *', 'Australia/Lord_Howe', '2026-04-04T10:00Z'],
    ['45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T10:00Z'],
    ['0 0 * * *', 'America/Santiago', '2026-09-05T10:00Z'],
  ])('%s in %s: the next slot is the same from wherever one looks', (cron, timeZone, from) => {
    const all = series({ cron, timeZone });
    const begin = Date.parse(from);
    for (let at = begin; at < begin + 30 * 3_600_000; at += 7 * 60_000 + 1_234) {
      const next = all.after(new Date(at));
      const again = all.after(new Date((next?.getTime() ?? 0) - 1));
      expect(again).toEqual(next);
    }
  });
});

describe('SlotSeries', () => {
  it('counts real seconds from the start, whatever the zone does', () => {
    const timing = {
      cron: null,
      everySeconds: 5_400,
      timeZone: 'Europe/Berlin',
      startsAt: new Date('2026-03-28T23:10:00Z'),
    };
    expect(slots(timing, '2026-03-28T00:00Z', '2026-03-29T04:00Z')).toEqual([
      '03-28 23:10',
      '03-29 00:40',
      '03-29 02:10',
      '03-29 03:40',
    ]);
  });

  it('counts intervals from 1970 when no start is given, so that every process counts the same', () => {
    const timing = { cron: null, everySeconds: 900 };
    expect(slots(timing, '2026-01-01T00:00Z', '2026-01-01T00:40Z')).toEqual(['01-01 00:15', '01-01 00:30']);
  });

  it('has no slot before the start, and none at or after the end', () => {
    const timing = {
      cron: '0 * * * *',
      startsAt: new Date('2026-01-01T02:00Z'),
      endsAt: new Date('2026-01-01T04:00Z'),
    };
    expect(slots(timing, '2026-01-01T00:00Z', '2026-01-02T00:00Z')).toEqual(['01-01 02:00', '01-01 03:00']);
  });

  it('takes seconds in front, and the short names', () => {
    expect(series({ cron: '*/20 * * * * *' }).after(new Date('2026-01-01T00:00:21Z'))).toEqual(
      new Date('2026-01-01T00:00:40Z'),
    );
    expect(slots({ cron: '@daily' }, '2026-01-01T12:00Z', '2026-01-03T12:00Z')).toEqual([
      '01-02 00:00',
      '01-03 00:00',
    ]);
  });

  it.each(['* * * * *', '0 0 1 1 *', '*/5 * * * * *', '0 0 29 2 *'])('%s: finds the latest slot', (cron) => {
    const all = series({ cron });
    const first = all.after(new Date('2020-01-01T00:00Z')) ?? new Date(0);
    const until = new Date('2026-06-01T12:00:03Z');
    const latest = all.latest(first, until);
    expect(latest <= until).toBe(true);
    const next = all.after(latest);
    expect(next !== undefined && next > until).toBe(true);
    expect(all.latest(first, first)).toEqual(first);
  });
});

describe('timingProblems', () => {
  it.each([
    [{ cron: '61 * * * *' }, 'cron'],
    [{ cron: '* * *' }, 'cron'],
    [{ cron: '* * * * * * *' }, 'cron'],
    [{ cron: '2026-12-01T00:00:00' }, 'cron'],
    [{ cron: '0 0 30 2 *' }, 'cron'],
    [{ cron: '' }, 'cron'],
    [{ cron: null, everySeconds: null }, 'cron'],
    [{ everySeconds: 60 }, 'cron'],
    [{ cron: null, everySeconds: 0 }, 'every_seconds'],
    [{ cron: null, everySeconds: 1.5 }, 'every_seconds'],
    [{ timeZone: 'Mars/Phobos' }, 'time_zone'],
    [{ timeZone: '+02:00' }, 'time_zone'],
    [{ timeZone: '' }, 'time_zone'],
  ] satisfies [Partial<ScheduleTiming>, string][])('%o is refused for its %s', (timing, field) => {
    expect(timingProblems(testSchedule(timing)).map((problem) => problem.field)).toEqual([field]);
    expect(() => series(timing)).toThrow(RangeError);
  });

  it('has nothing against a sound one', () => {
    expect(timingProblems(testSchedule({ cron: '30 2 * * MON-FRI', timeZone: 'Europe/Berlin' }))).toEqual([]);
  });
});
