import { describe, expect, it } from 'vitest';
import { anAlert, anEvent } from '../testing/builders.ts';
import { readAlert, readAnswer, readEnvelope } from './wire-guards.ts';

describe('readAlert', () => {
  it('returns a sound alert as it is', () => {
    const alert = anAlert();
    expect(readAlert(alert)).toBe(alert);
  });

  it('shows an alert with unknown details rather than hiding it', () => {
    const odd = { ...anAlert(), severity: 'apocalyptic', status: 'shelved', message: null };
    expect(readAlert(odd)).toMatchObject({ severity: 'high', status: 'new', message: '(no message)' });
  });

  it.each([null, 'text', [], {}, { ...anAlert(), alert_id: '1' }, { ...anAlert(), version: undefined }])(
    'is null when it cannot be told which alert this is: %j',
    (value) => {
      expect(readAlert(value)).toBeNull();
    },
  );
});

describe('readEnvelope', () => {
  it('wants a place in a history', () => {
    expect(readEnvelope(anEvent(1, anAlert()))).not.toBeNull();
    expect(readEnvelope({ ...anEvent(1, anAlert()), offset: '-1' })).toBeNull();
    expect(readEnvelope({ ...anEvent(1, anAlert()), offset: 1 })).toBeNull();
    expect(readEnvelope({ type: 'alert_updated' })).toBeNull();
  });
});

describe('readAnswer', () => {
  it('takes everything but a clear yes for a no', () => {
    expect(readAnswer({ ok: true, alert: 1 })).toEqual({ ok: true, alert: 1 });
    expect(readAnswer({ ok: 'true' })).toMatchObject({ ok: false });
    expect(readAnswer(undefined)).toMatchObject({ ok: false, code: 'unreadable' });
    expect(readAnswer({ ok: false, code: 4409, reason: 'taken' })).toEqual({
      ok: false,
      code: 4409,
      reason: 'taken',
    });
  });
});
