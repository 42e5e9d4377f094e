import { describe, expect, it } from 'vitest';
import { MessageWindow } from './message-window.ts';

describe('a message window', () => {
  it('lets the 100th message through and not the 101st', () => {
    const window = new MessageWindow(100, 60_000);
    for (let message = 1; message <= 100; message += 1)
      expect(window.take(message)).toEqual({ allowed: true });
    expect(window.take(200)).toEqual({ allowed: false, retryAfterMs: 59_801 });
    expect(window.refusedInARow).toBe(1);
  });

  it('has room again exactly when the oldest message is a window old', () => {
    const window = new MessageWindow(2, 1_000);
    window.take(0);
    window.take(500);
    expect(window.take(999).allowed).toBe(false);
    expect(window.take(1_000).allowed).toBe(true);
    expect(window.take(1_499).allowed).toBe(false);
    expect(window.take(1_500).allowed).toBe(true);
    expect(window.refusedInARow).toBe(0);
  });
});
