import { Metrics } from '@bus/observability';
import { createDatabase } from '@bus/testing';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { STAFF_SCOPE } from '../access/access-scope.ts';
import { alertJob, createOrganisation } from '../fixtures/organisation.fixture.ts';
import { migratedDatabase, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { AlertQueries } from './alert.queries.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
});
afterAll(() => database.close());

it('measures every query, and counts failures of the database but no refusals', async () => {
  const { operator } = await createOrganisation(database.pool);
  const metrics = new Metrics({ app: 'test', instance: 'a' });
  const alerts = new AlertQueries(database.pool, metrics);
  const [stored] = await alerts.insertMany([{ alert: alertJob({ message_id: 'm1' }), device: null }]);
  const change = { alertId: stored!.row.alert_id, userId: operator.id, scope: STAFF_SCOPE };
  await alerts.resolve(change);
  await expect(alerts.acknowledge(change)).rejects.toThrow('closed');

  const failing = alertJob({ message_id: 'm2' });
  Object.assign(failing, { severity: 'apocalyptic' });
  await expect(alerts.insertMany([{ alert: failing, device: null }])).rejects.toThrow('severity');

  const known = { source_id: 'north-device-1', message_id: 'm1' };
  const again = await alerts.insertMany([{ alert: alertJob(known), device: null }]);
  const received_at = '2026-03-01T12:00:09.000Z';
  const resent = await alerts.insertMany([{ alert: alertJob({ ...known, received_at }), device: null }]);
  expect([...again, ...resent].map(({ inserted }) => inserted)).toEqual([false, false]);

  const { body } = await metrics.render();
  const alertsStored = (result: string) =>
    new RegExp(`bus_alerts_stored_total{[^}]*result="${result}"[^}]*} (\\d+)`).exec(body)?.[1];
  // The same message again is the job of what ingest stored; another one about the same alert is a duplicate.
  expect([alertsStored('inserted'), alertsStored('duplicate')]).toEqual(['1', '1']);

  const countOf = (query: string) =>
    new RegExp(`bus_database_query_seconds_count{[^}]*query="${query}"[^}]*} (\\d+)`).exec(body)?.[1];
  expect([countOf('insert_alert'), countOf('alert_resolved'), countOf('alert_acknowledged')]).toEqual([
    '4',
    '1',
    '1',
  ]);
  expect(body).toMatch(/bus_database_errors_total{[^}]*source="query"[^}]*} 1\n/);
});
