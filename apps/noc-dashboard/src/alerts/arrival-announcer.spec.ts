import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anAlert } from '../testing/builders.ts';
import { ArrivalAnnouncer } from './arrival-announcer.ts';

function setUp() {
  const said: string[] = [];
  return {
    said,
    announcer: new ArrivalAnnouncer((urgency, text) => said.push(`${urgency}: ${text}`), 4_000),
  };
}

describe('ArrivalAnnouncer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('says a critical alert at once and assertively, another one politely', () => {
    const { said, announcer } = setUp();
    announcer.announce([
      anAlert({ severity: 'critical', alert_type: 'fire', message: 'Smoke' }),
      anAlert({ alert_id: 2 }),
    ]);
    expect(said).toEqual([
      'assertive: New critical alert. fire: Smoke, from edge-7.',
      'polite: New alert. high door forced: Door forced open at loading bay 3, from edge-7.',
    ]);
  });

  it('gathers a storm into one sentence per interval', () => {
    const { said, announcer } = setUp();
    announcer.announce([anAlert()]);
    for (let id = 2; id <= 40; id++)
      announcer.announce([anAlert({ alert_id: id, severity: 'critical', message: `Alarm ${id}` })]);
    expect(said).toHaveLength(1);
    vi.advanceTimersByTime(4_000);
    expect(said).toHaveLength(2);
    expect(said[1]).toMatch(/^assertive: 39 new critical alerts. The latest: door forced: Alarm 40/);
    vi.advanceTimersByTime(20_000);
    expect(said).toHaveLength(2);
  });
});
