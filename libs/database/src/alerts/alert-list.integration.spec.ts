import type { AlertView } from '@bus/payload-schemas';
import { createDatabase } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { STAFF_SCOPE } from '../access/access-scope.ts';
import { createOrganisation, type TestOrganisation } from '../fixtures/organisation.fixture.ts';
import { migratedDatabase, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { AlertError } from './alert.errors.ts';
import { AlertQueries, type AlertListRequest } from './alert.queries.ts';

const ALERTS = 100_000;
const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'];
const STATUSES = ['new', 'acknowledged', 'resolved', 'false_alarm'];

let database: TestDatabase;
let organisation: TestOrganisation;
let alerts: AlertQueries;

beforeAll(async () => {
  database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
  organisation = await createOrganisation(database.pool);
  alerts = new AlertQueries(database.pool);
  const { north, south, operator } = organisation;
  // As a platform looks after a year: nearly everything is closed, and many arrive in the same millisecond.
  await database.pool.query(
    `insert into device_alerts (source_id, message_id, topic, alert_type, severity, message, client_id, tenant_id,
       received_at, clock_suspect, raw, status, acknowledged_by, acknowledged_at, resolved_by, resolved_at)
     select 'source-' || n % 50, n::text, 't', 'panic', (array['critical','high','medium','low','info'])[1 + n % 5],
       'alert ' || n, (array[$2::integer, $3, $4, $5])[1 + n % 4], case when n % 4 < 2 then $6::integer else $7 end,
       timestamptz '2026-01-01' + make_interval(secs => n / 3), false, '{}', status,
       case when status = 'acknowledged' then $1::integer end, case when status = 'acknowledged' then now() end,
       case when status in ('resolved', 'false_alarm') then $1 end,
       case when status in ('resolved', 'false_alarm') then now() end
     from (select n, case when n % 997 = 0 then 'new' when n % 499 = 0 then 'acknowledged'
       when n % 7 = 0 then 'false_alarm' else 'resolved' end as status from generate_series(1, $8::integer) n) numbers`,
    [operator.id, ...north.clientIds, ...south.clientIds, north.tenantId, south.tenantId, ALERTS],
  );
  await database.pool.query('analyze device_alerts');
}, 120_000);
afterAll(() => database.close());

function rank(alert: AlertView): number[] {
  const status = alert.status === 'false_alarm' ? 'resolved' : alert.status;
  return [
    STATUSES.indexOf(status),
    SEVERITIES.indexOf(alert.severity),
    -Date.parse(alert.received_at),
    -alert.alert_id,
  ];
}

function compareRanks(a: AlertView, b: AlertView): number {
  const [left, right] = [rank(a), rank(b)];
  const difference = left.map((value, index) => value - right[index]!).find((value) => value !== 0);
  return difference ?? 0;
}

async function allPages(request: Omit<AlertListRequest, 'cursor'>): Promise<AlertView[]> {
  const collected: AlertView[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await alerts.list({ ...request, ...(cursor ? { cursor } : {}) });
    collected.push(...page.alerts);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return collected;
}

function forged(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

async function countWhere(condition: string): Promise<number> {
  const { rows } = await database.pool.query<{ alerts: number }>(
    `select count(*)::integer as alerts from device_alerts where ${condition}`,
  );
  return rows[0]!.alerts;
}

describe('AlertQueries.list', () => {
  it('puts the unacknowledged first, then the severe, then the latest', async () => {
    const { alerts: page } = await alerts.list({ scope: STAFF_SCOPE, limit: 500 });
    expect(page).toHaveLength(500);
    expect(page[0]).toMatchObject({ status: 'new', severity: 'critical' });
    expect(page).toEqual(page.toSorted(compareRanks));
    expect(new Set(page.map((alert) => alert.status))).toEqual(
      new Set(['new', 'acknowledged', 'resolved', 'false_alarm']),
    );
  });

  it('gives every alert exactly once over its pages, also where many arrived together', async () => {
    const found = await allPages({ scope: STAFF_SCOPE, status: 'new', limit: 7 });
    expect(found).toHaveLength(await countWhere(`status = 'new'`));
    expect(new Set(found.map((alert) => alert.alert_id)).size).toBe(found.length);
    expect(found).toEqual(found.toSorted(compareRanks));
  });

  it('keeps to its filters', async () => {
    const clientId = organisation.north.clientIds[1];
    const request = {
      scope: STAFF_SCOPE,
      status: 'false_alarm',
      severity: 'low',
      clientId,
      limit: 500,
    } as const;
    const found = await allPages(request);
    expect(found).toHaveLength(
      await countWhere(`status = 'false_alarm' and severity = 'low' and client_id = ${clientId}`),
    );
    expect(found.length).toBeGreaterThan(500);
    expect(found.every((alert) => alert.client_name === 'north client 2')).toBe(true);
  });

  it('ends with a null cursor when the last page is exactly full', async () => {
    const total = await countWhere(`status = 'new'`);
    const page = await alerts.list({ scope: STAFF_SCOPE, status: 'new', limit: total });
    expect(page.alerts).toHaveLength(total);
    expect(page.nextCursor).toBeNull();
  });

  it('refuses a cursor it has not made, and a limit out of range', async () => {
    const cursors = [
      '',
      '%',
      'null',
      forged(null),
      forged([1, 'now', 2]),
      forged([1, '2026-01-01T00:00:00.000Z', '1; drop']),
    ];
    for (const cursor of [...cursors, forged([1e9, '2026-01-01T00:00:00.000Z', 2])]) {
      await expect(alerts.list({ scope: STAFF_SCOPE, cursor, limit: 5 })).rejects.toThrow(AlertError);
    }
    for (const limit of [0, 501, 1.5, Number.NaN]) {
      await expect(alerts.list({ scope: STAFF_SCOPE, limit })).rejects.toThrow(RangeError);
    }
  });
});

describe('AlertQueries.existing', () => {
  it('finds those of the ids that are alerts, whoever they belong to, also among ids as long as they get', async () => {
    const { alerts: known } = await alerts.list({ scope: STAFF_SCOPE, limit: 200 });
    const ids = known.map(({ alert_id }) => alert_id);
    expect(new Set(known.map(({ tenant_id }) => tenant_id)).size).toBe(2);
    expect(await alerts.existing([...ids, Number.MAX_SAFE_INTEGER, ALERTS + 1])).toEqual(new Set(ids));
    expect(await alerts.existing([])).toEqual(new Set());
  });
});

describe('the plan of AlertQueries.list among 100 000 alerts', () => {
  const requests: Record<string, () => Omit<AlertListRequest, 'limit'>> = {
    'for staff': () => ({ scope: STAFF_SCOPE }),
    'for staff, resolved only': () => ({ scope: STAFF_SCOPE, status: 'resolved' }),
    'for staff, one client': () => ({ scope: STAFF_SCOPE, clientId: organisation.north.clientIds[0] }),
    'for a tenant': () => ({ scope: organisation.north.scope }),
    'for a supervisor': () => ({ scope: organisation.north.supervisor.scope }),
  };

  it('reads nothing but the few new ones when asked for them', async () => {
    const explained = await alerts
      .listStatement({ scope: STAFF_SCOPE, status: 'new', limit: 50 })
      .explain('json');
    const plan = JSON.stringify(explained);
    expect(plan).toContain('device_alerts_worklist_idx');
    expect(plan).toMatch(/"Index Cond":"\(\(urgency >= /);
  });

  it.each(Object.entries(requests))(
    'reads a page through an index, without sorting, %s',
    async (_, requestOf) => {
      const request = { ...requestOf(), limit: 50 };
      const first = await alerts.list(request);
      for (const cursor of [undefined, first.nextCursor ?? undefined]) {
        const explained = await alerts
          .listStatement({ ...request, ...(cursor === undefined ? {} : { cursor }) })
          .explain('json');
        const plan = JSON.stringify(explained);
        expect(plan).toMatch(/device_alerts\w*worklist_idx/);
        expect(plan).not.toContain('"Sort"');
        expect(plan).not.toMatch(
          /"Seq Scan","Parallel Aware":\w+,"Async Capable":\w+,"Relation Name":"device_alerts"/,
        );
      }
    },
  );
});
