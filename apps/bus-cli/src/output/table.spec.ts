import { describe, expect, it } from 'vitest';
import type { Screen } from './screen.ts';
import { fields, table } from './table.ts';

const plain = (width: number): Screen => ({ width, hasColors: false });

const COLUMNS = [
  { title: 'job', shrinks: 'id' },
  { title: 'count', align: 'right' },
  { title: 'detail', shrinks: 'text' },
] as const;

describe('table', () => {
  it('lines up its columns and leaves nothing behind the last', () => {
    expect(
      table(plain(80), COLUMNS, [
        ['a', 5, 'first'],
        ['long-name', 12_000, ''],
      ]).split('\n'),
    ).toEqual(['JOB        COUNT  DETAIL', 'a              5  first', 'long-name  12000  ']);
  });

  it('fits the screen: texts lose their end first, ids their middle last', () => {
    const row = ['process_device_alert-0123456789', 1, 'a long explanation of what went wrong'];
    expect(table(plain(60), COLUMNS, [row]).split('\n')[1]).toBe(
      'process_device_alert-0123456789      1  a long explanation …',
    );
    const narrow = table(plain(40), COLUMNS, [row]).split('\n')[1]!;
    expect(narrow).toBe('process_devi…456789      1  a long expl…');
    expect(narrow.length).toBeLessThanOrEqual(40);
  });

  it('shows everything where nobody looks', () => {
    const long = 'x'.repeat(500);
    expect(table(plain(Infinity), COLUMNS, [[long, 1, long]])).toContain(`${long}      1  ${long}`);
  });

  it('counts columns, not code units', () => {
    const lines = table(plain(80), COLUMNS, [
      ['警報', 1, 'x'],
      ['🔥', 1, 'x'],
      ['e\u0301', 1, 'x'],
    ]).split('\n');
    expect(lines.slice(1)).toEqual(['警報      1  x', '🔥        1  x', 'e\u0301         1  x']);
  });

  it('shows characters a terminal would obey', () => {
    const hostile = '\u001b[2J\u001b]0;title\u0007\r\nover\u202egnp.exe\u009b31m';
    const shown = table(plain(Infinity), COLUMNS, [[hostile, 1, hostile]]);
    expect(shown.split('\n')).toHaveLength(2);
    expect(shown.replace('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(shown).toContain(String.raw`\u001b[2J`);
  });

  it('colours cells, not their padding, only where there are colours', () => {
    const rows = [[{ text: 'ok', style: 'good' } as const, 1, 'x']];
    expect(table({ width: 80, hasColors: true }, COLUMNS, rows)).toContain('\u001b[32m');
    expect(table(plain(80), COLUMNS, rows)).not.toContain('\u001b');
  });
});

describe('fields', () => {
  it('goes on with long values in further lines', () => {
    expect(
      fields(plain(30), [
        ['name', 'x'],
        ['detail', 'one two three four five six'],
      ]).split('\n'),
    ).toEqual(['name    x', 'detail  one two three four', '        five six']);
  });
});
