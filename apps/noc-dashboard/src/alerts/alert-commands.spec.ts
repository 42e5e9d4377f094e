import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { initialMessageState, Notifier, reduceMessages } from '../notices/notifier.ts';
import { createStore } from '../state/store.ts';
import { anAlert } from '../testing/builders.ts';
import type { Answer } from '../wire/wire-guards.ts';
import { AlertCommands } from './alert-commands.ts';
import { initialAlertState, reduceAlerts } from './alert-store.ts';

function setUp({ answer, isLive = true }: { answer?: () => Promise<Answer>; isLive?: boolean }) {
  const alerts = createStore(reduceAlerts, initialAlertState);
  alerts.dispatch({ type: 'load_started' });
  alerts.dispatch({ type: 'load_succeeded', alerts: [anAlert()], now: 0, gatewayNow: 0 });
  const messages = createStore(reduceMessages, initialMessageState);
  const request = vi.fn<() => Promise<Answer>>(answer ?? (async (): Promise<Answer> => ({ ok: true })));
  const commands = new AlertCommands({
    alerts,
    request,
    isLive: () => isLive,
    username: () => 'anna',
    notifier: new Notifier(messages),
  });
  return {
    commands,
    request,
    messages: () => messages.getState().messages,
    status: () => alerts.getState().entries.get(1)?.shown.status,
    completeness: () => alerts.getState().completeness.kind,
    failure: () => alerts.getState().entries.get(1)?.failure,
    alerts,
  };
}

describe('AlertCommands', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('sends the alert and the note, and shows the result before the answer', async () => {
    const { commands, request, status } = setUp({});
    expect(commands.act('acknowledge', 1, '  on my way ')).toBe(true);
    expect(status()).toBe('acknowledged');
    expect(request).toHaveBeenCalledWith(
      'acknowledge_alert',
      { alert_id: 1, note: 'on my way' },
      expect.any(Number),
    );
    await vi.advanceTimersByTimeAsync(0);
    expect(status()).toBe('acknowledged');
  });

  it('leaves an empty note out', () => {
    const { commands, request } = setUp({});
    commands.act('resolve', 1, '  ');
    expect(request).toHaveBeenCalledWith('resolve_alert', { alert_id: 1 }, expect.any(Number));
  });

  it.each([
    { code: 4503, advice: /try again in a few seconds/i },
    { code: '4403', advice: /colleague/i },
    { code: 4409, advice: /somebody else was faster/i },
    { code: 'something_new', advice: /platform team/i },
  ])('takes it back on refusal $code, and says why and what to do', async ({ code, advice }) => {
    const { commands, status, messages, failure } = setUp({
      answer: async () => ({ ok: false, code, reason: 'not now' }),
    });
    commands.act('acknowledge', 1, null);
    await vi.advanceTimersByTimeAsync(0);
    expect(status()).toBe('new');
    expect(messages()[0]?.title).toMatch(/Could not acknowledge alert #1/);
    expect(messages()[0]?.detail).toMatch(/not now/);
    expect(messages()[0]?.detail).toMatch(advice);
    expect(failure()?.kind).toBe('acknowledge');
  });

  it('takes it back when no answer comes, and says that it may be stored all the same', async () => {
    const { commands, status, messages } = setUp({
      answer: async () => Promise.reject(new Error('timeout')),
    });
    commands.act('resolve', 1, null);
    await vi.advanceTimersByTimeAsync(0);
    expect(status()).toBe('new');
    expect(messages()[0]?.detail).toMatch(/may still have been stored/);
  });

  it('is content when somebody else did the same meanwhile', async () => {
    const { commands, messages, alerts } = setUp({
      answer: async () => ({ ok: false, code: 4409, reason: 'already' }),
    });
    commands.act('acknowledge', 1, null);
    alerts.dispatch({
      type: 'action_accepted',
      alertId: 1,
      requestId: 'theirs',
      alert: anAlert({ version: 2, status: 'acknowledged', acknowledged_by: 'bert' }),
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(messages()).toEqual([]);
  });

  it('sends nothing without a live connection, and says so', () => {
    const { commands, request, status, messages } = setUp({ isLive: false });
    expect(commands.act('acknowledge', 1, null)).toBe(false);
    expect(request).not.toHaveBeenCalled();
    expect(status()).toBe('new');
    expect(messages()[0]?.detail).toMatch(/no live connection/);
  });

  it('sends one request at a time per alert', () => {
    const { commands, request } = setUp({ answer: () => new Promise(() => undefined) });
    commands.act('acknowledge', 1, null);
    commands.act('acknowledge', 1, null);
    commands.act('resolve', 1, null);
    expect(request).toHaveBeenCalledTimes(1);
  });

  it('has the list loaded when an accepted change does not come back', async () => {
    const { commands, completeness } = setUp({});
    commands.act('acknowledge', 1, null);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(completeness()).toBe('complete');
    await vi.runAllTimersAsync();
    expect(completeness()).toBe('needed');
  });
});
