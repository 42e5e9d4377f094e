import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfirmedAlerts } from './confirmed-alerts.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function watched() {
  const confirmed: string[] = [];
  const resent: string[] = [];
  const alerts = new ConfirmedAlerts({
    confirmed: (id) => confirmed.push(id),
    resent: (id) => resent.push(id),
  });
  return { alerts, confirmed, resent };
}

describe('ConfirmedAlerts', () => {
  it('sends again, each time after twice the pause but at most a minute, until the confirmation comes', () => {
    const { alerts, confirmed, resent } = watched();
    const publish = vi.fn<() => void>();
    alerts.send('a', publish);
    expect(publish).toHaveBeenCalledTimes(1);
    const pausesSeconds = [2, 4, 8, 16, 32, 60, 60];
    for (const [index, seconds] of pausesSeconds.entries()) {
      vi.advanceTimersByTime(seconds * 1_000 - 1);
      expect(publish).toHaveBeenCalledTimes(index + 1);
      vi.advanceTimersByTime(1);
      expect(publish).toHaveBeenCalledTimes(index + 2);
    }
    alerts.confirm('a');
    vi.advanceTimersByTime(600_000);
    expect(publish).toHaveBeenCalledTimes(pausesSeconds.length + 1);
    expect(confirmed).toEqual(['a']);
    expect(resent).toHaveLength(pausesSeconds.length);
  });

  it('counts a confirmation once, and none that nobody waits for', () => {
    const { alerts, confirmed } = watched();
    alerts.send('a', () => {});
    for (const id of ['a', 'a', 'unknown']) alerts.confirm(id);
    expect(confirmed).toEqual(['a']);
    expect(alerts.waitingCount).toBe(0);
  });

  it('sends nothing any more once stopped', () => {
    const { alerts } = watched();
    const publish = vi.fn<() => void>();
    alerts.send('a', publish);
    alerts.stop();
    vi.advanceTimersByTime(600_000);
    expect(publish).toHaveBeenCalledTimes(1);
  });
});
