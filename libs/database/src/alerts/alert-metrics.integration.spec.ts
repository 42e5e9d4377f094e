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

  const { body } = await metrics.render();
  const countOf = (query: string) =>
    new RegExp(`bus_database_query_seconds_count{[^}]*query="${query}"[^}]*} (\\d+)`).exec(body)?.[1];
  expect([countOf('insert_alert'), countOf('alert_resolved'), countOf('alert_acknowledged')]).toEqual([
    '2',
    '1',
    '1',
  ]);
  expect(body).toMatch(/bus_database_errors_total{[^}]*source="query"[^}]*} 1\n/);
});
