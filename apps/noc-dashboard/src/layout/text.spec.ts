import { describe, expect, it } from 'vitest';
import { displayText, readableType, shortId, shortText } from './display-text.ts';
import { formatAge, formatAgo, formatCountdown, formatExact } from './time-text.ts';

describe('displayText', () => {
  it('leaves markup, other scripts and emoji as they are: they are only text', () => {
    for (const text of ['<img src=x onerror=alert(1)>', 'مرحبا', '火災 🔥', '👩‍🚒 at gate 3', 'a &amp; b']) {
      expect(displayText(text)).toBe(text);
    }
  });

  it('shows a mark instead of characters that would change how other text is read', () => {
    expect(displayText('exe\u202Egpj.scr')).toBe('exe␣gpj.scr');
    expect(displayText('a\u0000\u0007b\u2066c')).toBe('a␣b␣c');
  });

  it('turns line breaks and tabs into a space', () => {
    expect(displayText('one\r\n\ttwo')).toBe('one two');
  });

  it('cuts what would take too long to say', () => {
    expect(shortText('x'.repeat(500), 10)).toBe('xxxxxxxxx…');
    expect(readableType('door_forced_open')).toBe('door forced open');
    expect(shortId(Number.MAX_SAFE_INTEGER)).toBe('740991');
    expect(shortId(7)).toBe('7');
  });
});

describe('times', () => {
  const now = Date.UTC(2026, 2, 29, 12, 0, 0);
  it.each([
    [0, 'now'],
    [-5_000, 'now'],
    [42_000, '42 s'],
    [59 * 60_000, '59 min'],
    [3 * 3_600_000 + 5 * 60_000, '3 h 05'],
    [12 * 86_400_000, '12 d'],
  ])('says %d ms ago as %s', (age, text) => {
    expect(formatAge(now - age, now)).toBe(text);
  });

  it('says so when a time is unknown', () => {
    expect(formatAge(Number.NaN, now)).toBe('unknown');
    expect(formatAgo(Number.NaN, now)).toBe('unknown');
    expect(formatExact(null)).toBe('unknown');
    expect(formatExact('half past nine')).toBe('half past nine');
  });

  it('reads well in a sentence and as a countdown', () => {
    expect(formatAgo(now, now)).toBe('just now');
    expect(formatAgo(now - 60_000, now)).toBe('1 min ago');
    expect(formatCountdown(245_000)).toBe('4:05');
    expect(formatCountdown(-1)).toBe('0:00');
  });
});
