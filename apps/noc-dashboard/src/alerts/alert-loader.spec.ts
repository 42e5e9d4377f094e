import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AlertPage } from '../session/gateway-api.ts';
import { createStore } from '../state/store.ts';
import { anAlert, anEvent } from '../testing/builders.ts';
import { AlertLoader } from './alert-loader.ts';
import { initialAlertState, reduceAlerts } from './alert-store.ts';

const page = (ids: number[], nextCursor: string | null = null): AlertPage => ({
  alerts: ids.map((id) => anAlert({ alert_id: id })),
  unreadable: 0,
  nextCursor,
});

function setUp(
  fetchPage: (query: { status: string; cursor: string | null }) => Promise<AlertPage>,
  gatewayNow = Date.now,
) {
  const alerts = createStore(reduceAlerts, initialAlertState);
  const loader = new AlertLoader({ alerts, fetchPage, explain: String, gatewayNow });
  return { alerts, loader };
}

describe('AlertLoader', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('reads every page of the open alerts and the first of the closed ones, in the order alerts move', async () => {
    const asked: string[] = [];
    const { alerts, loader } = setUp(async ({ status, cursor }) => {
      asked.push(`${status} ${cursor ?? '-'}`);
      if (status === 'new') return cursor === null ? page([1], 'next') : page([2]);
      return status === 'resolved' ? page([3], 'more') : page([]);
    });
    loader.start();
    await vi.runAllTimersAsync();
    expect(asked).toEqual(['new -', 'new next', 'acknowledged -', 'resolved -', 'false_alarm -']);
    expect(alerts.getState().order).toHaveLength(3);
    expect(alerts.getState().completeness.kind).toBe('complete');
  });

  it('tries again until it succeeds, and says what failed meanwhile', async () => {
    let failures = 2;
    const { alerts, loader } = setUp(async () => {
      if (failures-- > 0) throw new Error('the database is away');
      return page([]);
    });
    loader.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(alerts.getState().completeness).toMatchObject({
      kind: 'needed',
      failure: 'Error: the database is away',
    });
    await vi.runAllTimersAsync();
    expect(alerts.getState().completeness.kind).toBe('complete');
  });

  it('does not call a list complete that holds something it could not read', async () => {
    const { alerts, loader } = setUp(async () => ({ ...page([1]), unreadable: 1 }));
    loader.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(alerts.getState().completeness).toMatchObject({ kind: 'needed' });
    loader.stop();
  });

  it('loads again when the store may have missed something, and drops what comes after a stop', async () => {
    const fetchPage = vi.fn<() => Promise<AlertPage>>(async () => page([1]));
    const { alerts, loader } = setUp(fetchPage);
    loader.start();
    await vi.runAllTimersAsync();
    const calls = fetchPage.mock.calls.length;
    alerts.dispatch({ type: 'load_needed', reason: 'gap' });
    await vi.runAllTimersAsync();
    expect(fetchPage.mock.calls.length).toBe(calls * 2);
  });

  it("asks the gateway's clock how long ago an alert was received, not that of this computer", async () => {
    const alert = anAlert();
    const { alerts, loader } = setUp(
      async () => page([]),
      () => Date.parse(alert.received_at) + 1_000,
    );
    alerts.dispatch({ type: 'events_received', events: [anEvent(1, alert)] });
    loader.start();
    await vi.runAllTimersAsync();
    expect(alerts.getState().completeness.kind).toBe('complete');
    expect(alerts.getState().order).toEqual([1]);
  });

  it('gives nothing of one user to the next, even when an answer comes late', async () => {
    const answers: ((answer: AlertPage) => void)[] = [];
    const { alerts, loader } = setUp(({ status }) =>
      status === 'new' ? new Promise((resolve) => answers.push(resolve)) : Promise.resolve(page([])),
    );
    loader.start();
    await vi.advanceTimersByTimeAsync(0);
    loader.stop();
    alerts.dispatch({ type: 'signed_out' });
    loader.start();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(answers).toHaveLength(2);
    answers[0]?.(page([99]));
    await vi.advanceTimersByTimeAsync(0);
    expect(alerts.getState().order).toEqual([]);
    expect(alerts.getState().completeness.kind).toBe('loading');
  });
});
