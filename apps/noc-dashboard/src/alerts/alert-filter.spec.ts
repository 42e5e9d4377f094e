import { describe, expect, it } from 'vitest';
import { anAlert } from '../testing/builders.ts';
import { countAlerts, EVERYTHING, filterAlerts, type AlertFilter } from './alert-filter.ts';
import { initialAlertState, reduceAlerts, type AlertState } from './alert-store.ts';
import type { AlertView } from '../wire/wire-types.ts';

const alerts = [
  anAlert({ alert_id: 1, severity: 'critical', message: 'Smoke in the server room', alert_type: 'fire' }),
  anAlert({ alert_id: 2, severity: 'high', status: 'acknowledged', client_name: 'City Museum' }),
  anAlert({ alert_id: 3, severity: 'low', status: 'resolved' }),
  anAlert({ alert_id: 4, severity: 'low', status: 'false_alarm' }),
];
const stateOf = (loaded: readonly AlertView[]): AlertState =>
  reduceAlerts(reduceAlerts(initialAlertState, { type: 'load_started' }), {
    type: 'load_succeeded',
    alerts: loaded,
    now: 0,
    gatewayNow: 0,
  });
const state = stateOf(alerts);
const filtered = (filter: Partial<AlertFilter>) =>
  filterAlerts(state.order, state.entries, { ...EVERYTHING, ...filter });

describe('filterAlerts', () => {
  it('returns the very same order when nothing is filtered, so that nothing renders for it', () => {
    expect(filtered({})).toBe(state.order);
  });

  it.each([
    { name: 'new', filter: { status: 'new' as const }, ids: [1] },
    { name: 'acknowledged', filter: { status: 'acknowledged' as const }, ids: [2] },
    { name: 'closed: resolved and false alarms', filter: { status: 'closed' as const }, ids: [4, 3] },
    {
      name: 'closed, although closed is hidden otherwise',
      filter: { status: 'closed' as const, isClosedHidden: true },
      ids: [4, 3],
    },
    { name: 'all without closed', filter: { isClosedHidden: true }, ids: [1, 2] },
    { name: 'some severities', filter: { severities: ['critical', 'low'] as const }, ids: [1, 4, 3] },
    { name: 'words in any place and case', filter: { text: 'FIRE  smoke' }, ids: [1] },
    { name: 'client', filter: { text: 'museum' }, ids: [2] },
    { name: 'id', filter: { text: '#3' }, ids: [3] },
    {
      name: 'type as it is read',
      filter: { text: 'door forced', status: 'acknowledged' as const },
      ids: [2],
    },
    { name: 'nothing', filter: { text: 'elephant' }, ids: [] },
  ])('shows $name', ({ filter, ids }) => {
    expect(filtered(filter)).toEqual(ids);
  });

  it('finds an alert by all of its id and by what its title shows of it', () => {
    const id = 4_503_599_627_370_496;
    const { order, entries } = stateOf([anAlert(), anAlert({ alert_id: id })]);
    for (const text of [`#${id}`, '#370496', '370496']) {
      expect(filterAlerts(order, entries, { ...EVERYTHING, text })).toEqual([id]);
    }
  });
});

describe('countAlerts', () => {
  it('counts what waits, what somebody has and what is over', () => {
    expect(countAlerts(state.entries)).toMatchObject({
      total: 4,
      unacknowledged: 1,
      acknowledged: 1,
      closed: 2,
      bySeverity: {
        critical: { unacknowledged: 1, open: 1 },
        high: { unacknowledged: 0, open: 1 },
        low: { unacknowledged: 0, open: 0 },
      },
    });
  });
});
