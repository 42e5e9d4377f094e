import { EVENT_TYPES, type EventEnvelope } from '@bus/payload-schemas';
import { describe, expect, it } from 'vitest';
import { conflationKey } from './conflation.ts';

function envelope(fields: Partial<EventEnvelope>): EventEnvelope {
  const base = {
    type: 'task_progress',
    data: {},
    priority: 'normal',
    timestamp: '2026-01-01T00:00:00.000Z',
  } as const;
  return { ...base, group: 'user_1', epoch: 'e', offset: '1', ...fields };
}

describe('what may be replaced by a newer one', () => {
  it('is progress of one task and state of one device', () => {
    const progress = conflationKey('task_progress', envelope({ task_id: 'a' }));
    expect(progress).toBeDefined();
    expect(conflationKey('task_progress', envelope({ task_id: 'b' }))).not.toBe(progress);
    expect(conflationKey('task_progress', envelope({ task_id: 'a', group: 'user_2' }))).not.toBe(progress);
    expect(conflationKey('device_status', envelope({ data: { device_id: 5 } }))).toBeDefined();
  });

  const fields = { task_id: 'a', data: { device_id: 1, alert_id: 1 } };

  it.each(EVENT_TYPES)('is never a critical %s', (type) => {
    expect(conflationKey(type, envelope({ ...fields, priority: 'critical' }))).toBeUndefined();
  });

  it('is never an alert, a command or an end', () => {
    const replaceable = EVENT_TYPES.filter((type) => conflationKey(type, envelope(fields)) !== undefined);
    expect(replaceable).toEqual(['task_progress', 'ml_prediction', 'device_status']);
  });

  it('is nothing that does not say what it is about, and no event of the gateway itself', () => {
    expect(conflationKey('task_progress', envelope({}))).toBeUndefined();
    expect(conflationKey('subscribed', envelope({ task_id: 'a' }))).toBeUndefined();
    expect(conflationKey('constructor', envelope({ task_id: 'a' }))).toBeUndefined();
  });
});
