import { describe, expect, it } from 'vitest';
import { anAlert, anEvent } from '../testing/builders.ts';
import type { EventEnvelope, SubscribedGroup } from '../wire/wire-types.ts';
import {
  initialAlertState,
  isLaterOffset,
  MAX_CLOSED_ALERTS,
  MAX_STORING_MS,
  reduceAlerts,
  type AlertAction,
  type AlertState,
} from './alert-store.ts';

const run = (actions: readonly AlertAction[], from: AlertState = initialAlertState) =>
  actions.reduce(reduceAlerts, from);
const received = (...events: EventEnvelope[]): AlertAction => ({ type: 'events_received', events });
/** An hour after the alerts of these tests were received, unless it says otherwise. */
const loadSucceeded = (
  alerts: ReturnType<typeof anAlert>[],
  gatewayNow = Date.parse('2026-01-01T01:00:00.000Z'),
): AlertAction => ({ type: 'load_succeeded', alerts, now: 1_000, gatewayNow });
const loaded = (alerts: ReturnType<typeof anAlert>[], gatewayNow?: number): AlertAction[] => [
  { type: 'load_started' },
  loadSucceeded(alerts, gatewayNow),
];
const subscribed = (group: Partial<SubscribedGroup>): AlertAction => ({
  type: 'subscribed',
  groups: [{ group: 'noc_dashboard', result: 'live', replayed: 0, epoch: 'epoch-1', offset: '0', ...group }],
});
const pending = (kind: 'acknowledge' | 'resolve', requestId = 'r1') => ({
  requestId,
  kind,
  note: 'on my way',
  user: 'anna',
  startedAt: '2026-01-01T00:05:00.000Z',
  isAccepted: false,
});
const shown = (state: AlertState, id: number) => state.entries.get(id)?.shown;
/** A complete list, as after a first load. */
const complete = run([subscribed({}), ...loaded([])]);

describe('the order of the list', () => {
  const at = (minute: number) => `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z`;
  const alerts = [
    anAlert({ alert_id: 1, severity: 'critical', status: 'resolved', received_at: at(9) }),
    anAlert({ alert_id: 2, severity: 'critical', status: 'acknowledged', received_at: at(8) }),
    anAlert({ alert_id: 3, severity: 'low', received_at: at(7) }),
    anAlert({ alert_id: 4, severity: 'critical', received_at: at(1) }),
    anAlert({ alert_id: 5, severity: 'critical', received_at: at(5) }),
    anAlert({ alert_id: 6, severity: 'high', received_at: at(6) }),
    anAlert({ alert_id: 7, severity: 'high', received_at: at(6) }),
  ];
  const expected = [5, 4, 7, 6, 3, 2, 1];

  it('puts unacknowledged first, then severity, then the newest arrival', () => {
    expect(run(loaded(alerts)).order).toEqual(expected);
  });

  it('is the same whether alerts come one by one or all at once', () => {
    const oneByOne = alerts.map((alert, index) => received(anEvent(index + 1, alert)));
    expect(run(oneByOne).order).toEqual(expected);
  });

  it('is the same for many alerts placed one by one as for a sort of all of them', () => {
    const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
    const many = Array.from({ length: 300 }, (_, index) =>
      anAlert({
        alert_id: index + 1,
        severity: severities[(index * 7) % 5] ?? 'high',
        status: index % 3 === 0 ? 'acknowledged' : 'new',
        received_at: at((index * 13) % 60),
      }),
    );
    const oneByOne = run(many.map((alert, index) => received(anEvent(index + 1, alert))));
    expect(oneByOne.order).toEqual(run(loaded(many)).order);
    expect(new Set(oneByOne.order).size).toBe(300);
  });

  it('moves an alert when it changes', () => {
    const state = run(
      [
        received(
          anEvent(1, anAlert({ alert_id: 4, severity: 'critical', status: 'resolved', version: 2 }), {
            type: 'alert_updated',
          }),
        ),
      ],
      run(loaded(alerts)),
    );
    expect(state.order).toEqual([5, 7, 6, 3, 2, 1, 4]);
  });

  it('keeps an alert whose time cannot be read', () => {
    expect(run(loaded([anAlert({ received_at: 'yesterday' })])).order).toEqual([1]);
  });
});

describe('versions', () => {
  it('shows an alert that arrives through several groups once', () => {
    const state = run([
      received(anEvent(1, anAlert(), { type: 'critical_alert' })),
      received(anEvent(1, anAlert(), { type: 'tenant_alert', group: 'tenant_1' })),
    ]);
    expect(state.order).toEqual([1]);
    expect(state.arrivals.sequence).toBe(1);
  });

  it('never lets an older event overwrite a newer state', () => {
    const state = run([
      received(anEvent(1, anAlert({ version: 3, status: 'resolved' }), { type: 'alert_updated' })),
      received(anEvent(2, anAlert({ version: 2, status: 'acknowledged' }), { type: 'alert_updated' })),
      received(anEvent(3, anAlert({ version: 1 }))),
      ...loaded([anAlert({ version: 1 })]),
    ]);
    expect(shown(state, 1)?.status).toBe('resolved');
  });

  it('takes the newest of several versions in one batch', () => {
    const state = run([
      received(
        anEvent(1, anAlert({ version: 1 })),
        anEvent(2, anAlert({ version: 2, status: 'acknowledged' }), { type: 'alert_updated' }),
      ),
    ]);
    expect(shown(state, 1)?.status).toBe('acknowledged');
    expect(state.arrivals.alerts).toEqual([]);
  });
});

describe('positions', () => {
  it('follows each group and sends back what was applied', () => {
    const state = run([
      received(anEvent(41, anAlert()), anEvent(7, {}, { group: 'user_7', type: 'task_progress' })),
    ]);
    expect([...state.positions.values()]).toEqual([
      { group: 'noc_dashboard', epoch: 'epoch-1', offset: '41' },
      { group: 'user_7', epoch: 'epoch-1', offset: '7' },
    ]);
  });

  it('drops an event at or before the position, within one epoch', () => {
    const state = run([
      received(anEvent(10, anAlert())),
      received(anEvent(10, anAlert({ alert_id: 2 })), anEvent(9, anAlert({ alert_id: 3 }))),
    ]);
    expect(state.order).toEqual([1]);
    expect(state.positions.get('noc_dashboard')?.offset).toBe('10');
  });

  it('compares offsets as whole numbers of any length', () => {
    expect(isLaterOffset('10', '9')).toBe(true);
    expect(isLaterOffset('18446744073709551616', '18446744073709551615')).toBe(true);
    expect(isLaterOffset('9', '9')).toBe(false);
  });

  it('takes an event of another epoch, follows it, and asks for a load', () => {
    const state = run(
      [
        received(anEvent(50, anAlert())),
        received(anEvent(2, anAlert({ alert_id: 2 }), { epoch: 'epoch-2' })),
      ],
      complete,
    );
    expect(state.order).toContain(2);
    expect(state.positions.get('noc_dashboard')).toEqual({
      group: 'noc_dashboard',
      epoch: 'epoch-2',
      offset: '2',
    });
    expect(state.completeness).toMatchObject({ kind: 'needed', reason: 'gap' });
  });

  it('asks for a load when an alert cannot be read, instead of losing it silently', () => {
    const state = run([received(anEvent(5, { nonsense: true }))], complete);
    expect(state.completeness).toMatchObject({ kind: 'needed', reason: 'unreadable_event' });
    expect(state.positions.get('noc_dashboard')?.offset).toBe('5');
  });

  it('never moves a position back within an epoch', () => {
    const state = run([received(anEvent(10, anAlert())), subscribed({ result: 'replayed', offset: '8' })]);
    expect(state.positions.get('noc_dashboard')?.offset).toBe('10');
  });
});

describe('resuming', () => {
  it('needs no load when every missed event was replayed', () => {
    const state = run(
      [
        received(anEvent(1, anAlert())),
        received(anEvent(2, anAlert({ alert_id: 2 }))),
        subscribed({ result: 'replayed', replayed: 1, offset: '2' }),
      ],
      complete,
    );
    expect(state.completeness.kind).toBe('complete');
  });

  it.each([
    { result: 'gap' as const, expected: 'gap' },
    { result: 'snapshot' as const, expected: 'snapshot' },
  ])('asks for a load on the result $result and follows the new position', ({ result, expected }) => {
    const state = run([subscribed({ result, epoch: 'epoch-2', offset: '90' })], complete);
    expect(state.completeness).toMatchObject({ kind: 'needed', reason: expected });
    expect(state.positions.get('noc_dashboard')).toMatchObject({ epoch: 'epoch-2', offset: '90' });
  });

  it('shows the alerts of a snapshot at once', () => {
    const state = run([subscribed({ result: 'snapshot', snapshot: [anAlert({ alert_id: 9 })] })], complete);
    expect(state.order).toEqual([9]);
  });

  it('does not believe "live" when the group has moved on since we left', () => {
    const away = run([received(anEvent(10, anAlert()))], complete);
    expect(run([subscribed({ result: 'live', offset: '10' })], away).completeness.kind).toBe('complete');
    expect(run([subscribed({ result: 'live', offset: '11' })], away).completeness.kind).toBe('needed');
  });

  it('loads again after joining when the list had been loaded without a feed', () => {
    expect(run([...loaded([]), subscribed({ result: 'live', offset: '4' })]).completeness.kind).toBe(
      'needed',
    );
  });

  it('remembers a gap until a load that began after it has succeeded', () => {
    const gap: AlertAction = {
      type: 'gap_reported',
      position: { group: 'noc_dashboard', epoch: 'epoch-1', offset: '70' },
    };
    const state = run(
      [
        gap,
        { type: 'load_started' },
        { type: 'load_failed', message: 'The gateway does not answer.' },
        subscribed({ result: 'replayed', offset: '71' }),
        { type: 'load_started' },
        gap,
        loadSucceeded([]),
      ],
      complete,
    );
    expect(state.completeness.kind).toBe('needed');
    expect(run(loaded([]), state).completeness.kind).toBe('complete');
  });
});

describe('loading', () => {
  it('removes open alerts the database no longer lists, but nothing heard since the load began', () => {
    const before = run(
      loaded([
        anAlert({ alert_id: 1 }),
        anAlert({ alert_id: 2 }),
        anAlert({ alert_id: 3, status: 'resolved' }),
      ]),
    );
    const state = run(
      [
        { type: 'load_started' },
        received(anEvent(1, anAlert({ alert_id: 4 }))),
        loadSucceeded([anAlert({ alert_id: 2 })]),
      ],
      before,
    );
    expect(state.order.toSorted((a, b) => a - b)).toEqual([2, 3, 4]);
  });

  it('keeps an open alert whose row may still be on its way, until a load when it is older', () => {
    const receivedMs = Date.parse('2026-01-01T00:30:00.000Z');
    const late = anAlert({ alert_id: 2, received_at: new Date(receivedMs).toISOString() });
    const before = run([...loaded([anAlert()]), received(anEvent(1, late))]);
    const young = run(loaded([anAlert()], receivedMs + MAX_STORING_MS - 1), before);
    expect(young.order).toEqual([2, 1]);
    expect(young.completeness.kind).toBe('complete');
    expect(run(loaded([anAlert()], receivedMs + MAX_STORING_MS), young).order).toEqual([1]);
  });

  it('takes in an alert it hears of only by an update, as news', () => {
    const updated = anEvent(1, anAlert({ alert_id: 7 }), { type: 'alert_updated' });
    const state = run([received(updated)], complete);
    expect(state.order).toEqual([7]);
    expect(state.arrivals.alerts.map((alert) => alert.alert_id)).toEqual([7]);
  });

  it('calls alerts of the first load no news, and those a gap had hidden news', () => {
    const first = run(loaded([anAlert({ severity: 'critical' })]));
    expect(first.arrivals.sequence).toBe(0);
    const after = run(
      [
        { type: 'load_needed', reason: 'gap' },
        ...loaded([anAlert(), anAlert({ alert_id: 2, severity: 'critical' })]),
      ],
      first,
    );
    expect(after.arrivals.alerts.map((alert) => alert.alert_id)).toEqual([2]);
  });

  it('keeps every open alert and only so many closed ones', () => {
    const closed = Array.from({ length: MAX_CLOSED_ALERTS + 50 }, (_, index) =>
      anAlert({ alert_id: index + 1, status: 'resolved' }),
    );
    const open = Array.from({ length: 100 }, (_, index) => anAlert({ alert_id: 10_000 + index }));
    const state = run(loaded([...closed, ...open]));
    expect(state.order).toHaveLength(MAX_CLOSED_ALERTS + 100);
    expect(state.entries.size).toBe(MAX_CLOSED_ALERTS + 100);
    expect(open.every((alert) => state.entries.has(alert.alert_id))).toBe(true);
  });
});

describe('actions', () => {
  const open = run(loaded([anAlert({ alert_id: 1 }), anAlert({ alert_id: 2, severity: 'low' })]));
  const started = run([{ type: 'action_started', alertId: 1, pending: pending('acknowledge') }], open);

  it('shows the result at once and moves the alert to its new place', () => {
    expect(shown(started, 1)).toMatchObject({
      status: 'acknowledged',
      acknowledged_by: 'anna',
      note: 'on my way',
    });
    expect(started.order).toEqual([2, 1]);
    expect(started.entries.get(1)?.alert.status).toBe('new');
  });

  it('takes it back when the gateway refuses, and keeps why', () => {
    const failure = { kind: 'acknowledge' as const, message: 'the database is away' };
    const state = run([{ type: 'action_failed', alertId: 1, requestId: 'r1', failure }], started);
    expect(shown(state, 1)?.status).toBe('new');
    expect(state.order).toEqual([1, 2]);
    expect(state.entries.get(1)?.failure).toEqual(failure);
  });

  it('ignores the answer to a request that is not the current one', () => {
    const failure = { kind: 'acknowledge' as const, message: 'too late' };
    expect(run([{ type: 'action_failed', alertId: 1, requestId: 'r0', failure }], started)).toBe(started);
  });

  it('stays optimistic over an update that does not decide the matter', () => {
    const state = run(
      [received(anEvent(1, anAlert({ version: 2, note: 'seen on camera' }), { type: 'alert_updated' }))],
      started,
    );
    expect(shown(state, 1)?.status).toBe('acknowledged');
  });

  it('gives way to what the gateway says once the change has come back', () => {
    const state = run(
      [
        received(
          anEvent(1, anAlert({ version: 2, status: 'acknowledged', acknowledged_by: 'bert' }), {
            type: 'alert_updated',
          }),
        ),
        { type: 'action_accepted', alertId: 1, requestId: 'r1', alert: null },
      ],
      started,
    );
    expect(state.entries.get(1)?.pending).toBeNull();
    expect(shown(state, 1)?.acknowledged_by).toBe('bert');
  });

  it('takes the alert from the answer', () => {
    const answer = anAlert({ version: 2, status: 'acknowledged', acknowledged_by: 'anna' });
    const state = run([{ type: 'action_accepted', alertId: 1, requestId: 'r1', alert: answer }], started);
    expect(state.entries.get(1)).toMatchObject({ alert: answer, pending: null });
  });

  it('keeps waiting for the change after a bare yes, and lets a load settle it', () => {
    const accepted = run([{ type: 'action_accepted', alertId: 1, requestId: 'r1', alert: null }], started);
    expect(shown(accepted, 1)?.status).toBe('acknowledged');
    const settled = run(
      [
        { type: 'load_needed', reason: 'missing_confirmation' },
        ...loaded([anAlert({ alert_id: 1 }), anAlert({ alert_id: 2 })]),
      ],
      accepted,
    );
    expect(shown(settled, 1)?.status).toBe('new');
  });
});

describe('notices and leaving', () => {
  it('keeps what the bus reports about itself, newest first, once per event', () => {
    const data = {
      code: 'alert_refused',
      reason: 'the JSON is broken',
      source_id: 'edge-9',
      topic: null,
      occurred_at: 'x',
    };
    const event = anEvent(1, data, { type: 'system_alert' });
    const state = run([
      received(event),
      received(event),
      received(anEvent(2, { ...data, reason: 'too large' }, { type: 'system_alert' })),
    ]);
    expect(state.notices.map((notice) => notice.reason)).toEqual(['too large', 'the JSON is broken']);
    expect(state.order).toEqual([]);
  });

  it('lists a system alert that is an alert among the alerts', () => {
    expect(run([received(anEvent(1, anAlert(), { type: 'system_alert' }))]).order).toEqual([1]);
  });

  it('leaves nothing of one user for the next, and never counts arrivals backwards', () => {
    const state = run([received(anEvent(1, anAlert())), { type: 'signed_out' }]);
    expect(state).toMatchObject({ order: [], notices: [], arrivals: { sequence: 1, alerts: [] } });
    expect(state.positions.size).toBe(0);
  });
});
