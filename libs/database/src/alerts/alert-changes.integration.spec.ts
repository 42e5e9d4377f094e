import { createDatabase } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { STAFF_SCOPE } from '../access/access-scope.ts';
import { AuditLog } from '../audit/audit-log.ts';
import { alertJob, createOrganisation, type TestOrganisation } from '../fixtures/organisation.fixture.ts';
import { migratedDatabase, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { isAlertError } from './alert.errors.ts';
import { AlertQueries } from './alert.queries.ts';

let database: TestDatabase;
let organisation: TestOrganisation;
let alerts: AlertQueries;
let audit: AuditLog;
let alertId: number;

beforeAll(async () => {
  database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
  organisation = await createOrganisation(database.pool);
  alerts = new AlertQueries(database.pool);
  audit = new AuditLog(database.pool);
});
afterAll(() => database.close());
beforeEach(async () => {
  const [stored] = await alerts.insertMany([
    { alert: alertJob({ message_id: crypto.randomUUID() }), device: organisation.north.devices[0] },
  ]);
  alertId = stored!.row.alert_id;
});

const byOperator = () => ({ alertId, userId: organisation.operator.id, scope: STAFF_SCOPE });
const byOther = () => ({ alertId, userId: organisation.otherOperator.id, scope: STAFF_SCOPE });
const auditLines = (subjectId = alertId) =>
  audit.list({ subjectType: 'alert', subjectId: String(subjectId), scope: STAFF_SCOPE, limit: 10 });

async function codeOf(failing: Promise<unknown>): Promise<string> {
  const error = await failing.then(
    () => new Error('did not fail'),
    (reason: unknown) => reason,
  );
  return isAlertError(error) ? error.code : String(error);
}

describe('AlertQueries.acknowledge', () => {
  it('notes who and when, raises the version, and leaves a line in the audit log', async () => {
    const result = await alerts.acknowledge({ ...byOperator(), note: 'on it', correlationId: 'c-1' });
    expect(result).toMatchObject({
      changed: true,
      alert: {
        status: 'acknowledged',
        acknowledged_by: 'operator',
        note: 'on it',
        version: 2,
        resolved_by: null,
      },
    });
    expect(Date.parse(result.alert.acknowledged_at!)).toBeGreaterThan(0);
    expect(await auditLines()).toMatchObject([
      {
        actorUserId: organisation.operator.id,
        action: 'alert_acknowledged',
        tenantId: organisation.north.tenantId,
        clientId: organisation.north.clientIds[0],
        correlationId: 'c-1',
        details: { from: 'new', to: 'acknowledged', note: 'on it', version: 2 },
      },
    ]);
  });

  it('changes nothing the second time, whoever asks', async () => {
    const first = await alerts.acknowledge(byOperator());
    expect(await alerts.acknowledge({ ...byOperator(), note: 'late thought' })).toEqual({
      alert: first.alert,
      changed: false,
    });
    expect(await alerts.acknowledge(byOther())).toEqual({ alert: first.alert, changed: false });
    expect(await auditLines()).toHaveLength(1);
  });

  it('is won by exactly one of many who press at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) => alerts.acknowledge(index % 2 === 0 ? byOperator() : byOther())),
    );
    expect(results.filter(({ changed }) => changed)).toHaveLength(1);
    expect(new Set(results.map(({ alert }) => JSON.stringify(alert))).size).toBe(1);
    expect(results[0]!.alert.version).toBe(2);
    expect(await auditLines()).toHaveLength(1);
  });

  it('refuses an alert that is closed', async () => {
    await alerts.resolve(byOperator());
    expect(await codeOf(alerts.acknowledge(byOther()))).toBe('alert_already_resolved');
    expect((await alerts.byId(alertId, STAFF_SCOPE))?.version).toBe(2);
  });

  it('knows no alert that does not exist, or that no id can mean', async () => {
    for (const unknown of [alertId + 1_000_000, 0, -1, 1.5, Number.NaN, 1e300]) {
      expect(await codeOf(alerts.acknowledge({ ...byOperator(), alertId: unknown }))).toBe('alert_not_found');
      expect(await alerts.byId(unknown, STAFF_SCOPE)).toBeNull();
    }
  });

  it('keeps no change without its audit line', async () => {
    await database.pool.query('alter table audit_log add constraint full_disk check (false) not valid');
    try {
      await expect(alerts.acknowledge(byOperator())).rejects.toThrow('full_disk');
    } finally {
      await database.pool.query('alter table audit_log drop constraint full_disk');
    }
    expect(await alerts.byId(alertId, STAFF_SCOPE)).toMatchObject({ status: 'new', version: 1 });
  });

  it('stores a hostile note', async () => {
    const { alert } = await alerts.acknowledge({ ...byOperator(), note: `\u0000'); --<img src=x>\ud800` });
    expect(alert.note).toBe(`\uFFFD'); --<img src=x>\uFFFD`);
  });
});

describe('AlertQueries.resolve', () => {
  it('closes an acknowledged alert and keeps who acknowledged it, and the note', async () => {
    await alerts.acknowledge({ ...byOperator(), note: 'guard sent' });
    const { alert, changed } = await alerts.resolve(byOther());
    expect(changed).toBe(true);
    expect(alert).toMatchObject({
      status: 'resolved',
      acknowledged_by: 'operator',
      resolved_by: 'other.operator',
      note: 'guard sent',
      version: 3,
    });
    expect((await auditLines()).map((line) => line.action)).toEqual(['alert_resolved', 'alert_acknowledged']);
  });

  it('closes a new alert at once, also as a false alarm', async () => {
    const { alert } = await alerts.resolve({ ...byOperator(), outcome: 'false_alarm', note: 'drill' });
    expect(alert).toMatchObject({
      status: 'false_alarm',
      resolved_by: 'operator',
      acknowledged_by: null,
      note: 'drill',
    });
  });

  it('changes nothing the second time, and refuses the other outcome', async () => {
    const first = await alerts.resolve(byOperator());
    expect(await alerts.resolve(byOther())).toEqual({ alert: first.alert, changed: false });
    expect(await codeOf(alerts.resolve({ ...byOther(), outcome: 'false_alarm' }))).toBe(
      'alert_already_resolved',
    );
    expect(await auditLines()).toHaveLength(1);
  });

  it('never loses one of an acknowledgement and a resolution that come together', async () => {
    const [acknowledged, resolved] = await Promise.allSettled([
      alerts.acknowledge(byOperator()),
      alerts.resolve(byOther()),
    ]);
    expect(resolved).toMatchObject({ status: 'fulfilled', value: { changed: true } });
    const final = await alerts.byId(alertId, STAFF_SCOPE);
    expect(final).toMatchObject({ status: 'resolved', resolved_by: 'other.operator' });
    expect(final?.version).toBe(acknowledged.status === 'fulfilled' ? 3 : 2);
  });
});
