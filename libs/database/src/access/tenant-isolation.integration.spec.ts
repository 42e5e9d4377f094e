import { createDatabase } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { AlertQueries } from '../alerts/alert.queries.ts';
import { AuditLog } from '../audit/audit-log.ts';
import { ClientQueries } from '../clients/client.queries.ts';
import { DeviceQueries } from '../devices/device.queries.ts';
import { alertJob, createOrganisation, type TestOrganisation } from '../fixtures/organisation.fixture.ts';
import { migratedDatabase, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { STAFF_SCOPE, type AccessScope } from './access-scope.ts';

let database: TestDatabase;
let organisation: TestOrganisation;
let alerts: AlertQueries;
/** One alert for each client, and one of an unknown device. */
let alertIds: { north1: number; north2: number; south1: number; stranger: number };

beforeAll(async () => {
  database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
  organisation = await createOrganisation(database.pool);
  alerts = new AlertQueries(database.pool);
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.pool.query('truncate device_alerts');
  const { north, south } = organisation;
  const stored = await alerts.insertMany(
    [north.devices[0], north.devices[1], south.devices[0], null].map((device) => ({
      // A new alert for each test: the audit log still has the lines of the earlier ones.
      alert: alertJob({ message_id: crypto.randomUUID(), source_id: device?.externalId ?? 'stranger' }),
      device,
    })),
  );
  const [north1, north2, south1, stranger] = stored.map(({ row }) => row.alert_id);
  alertIds = { north1: north1!, north2: north2!, south1: south1!, stranger: stranger! };
});

const byNumber = (a: number, b: number) => a - b;

/** Who sees which alerts. The same table decides for reading and for changing. */
const viewers: Record<string, { scope: () => AccessScope; sees: readonly (keyof typeof alertIds)[] }> = {
  staff: { scope: () => STAFF_SCOPE, sees: ['north1', 'north2', 'south1', 'stranger'] },
  'a tenant user': { scope: () => organisation.north.scope, sees: ['north1', 'north2'] },
  'a supervisor of one client': { scope: () => organisation.north.supervisor.scope, sees: ['north1'] },
  'a user of the other tenant': { scope: () => organisation.south.scope, sees: ['south1'] },
  'a supervisor of nothing': {
    scope: () => ({ kind: 'tenant', tenantId: organisation.north.tenantId, clientIds: [] }),
    sees: [],
  },
  'somebody who claims the client of another tenant': {
    scope: () => ({
      kind: 'tenant',
      tenantId: organisation.south.tenantId,
      clientIds: organisation.north.clientIds,
    }),
    sees: [],
  },
};

describe.each(Object.entries(viewers))('%s', (_, { scope, sees }) => {
  const idsSeen = () => sees.map((name) => alertIds[name]).toSorted(byNumber);
  const idsUnseen = () => Object.values(alertIds).filter((id) => !idsSeen().includes(id));

  it('lists exactly the alerts in reach', async () => {
    const page = await alerts.list({ scope: scope(), limit: 100 });
    expect(page.alerts.map((alert) => alert.alert_id).toSorted(byNumber)).toEqual(idsSeen());
  });

  it('cannot reach further with a filter or with the cursor of somebody else', async () => {
    const { nextCursor } = await alerts.list({ scope: STAFF_SCOPE, limit: 1 });
    const page = await alerts.list({ scope: scope(), limit: 100, cursor: nextCursor! });
    expect(page.alerts.every((alert) => idsSeen().includes(alert.alert_id))).toBe(true);
    const northern = await alerts.list({
      scope: scope(),
      clientId: organisation.north.clientIds[1],
      limit: 100,
    });
    expect(northern.alerts.map((alert) => alert.alert_id)).toEqual(
      sees.includes('north2') ? [alertIds.north2] : [],
    );
  });

  it('reads single alerts in reach only', async () => {
    for (const id of idsSeen()) expect(await alerts.byId(id, scope())).toMatchObject({ alert_id: id });
    for (const id of idsUnseen()) expect(await alerts.byId(id, scope())).toBeNull();
  });

  const change = (alertId: number) => ({ alertId, userId: organisation.operator.id, scope: scope() });

  it('acknowledges and resolves alerts in reach only', async () => {
    for (const id of idsUnseen()) {
      await expect(alerts.acknowledge(change(id))).rejects.toMatchObject({ code: 'alert_not_found' });
      await expect(alerts.resolve(change(id))).rejects.toMatchObject({ code: 'alert_not_found' });
      expect(await alerts.byId(id, STAFF_SCOPE)).toMatchObject({ status: 'new', version: 1 });
    }
    for (const id of idsSeen()) {
      expect((await alerts.acknowledge(change(id))).changed).toBe(true);
      expect((await alerts.resolve(change(id))).changed).toBe(true);
    }
  });
});

describe('clients, devices and the audit log', () => {
  it('show a tenant and a supervisor their own', async () => {
    const { north, south } = organisation;
    const clients = new ClientQueries(database.pool);
    const devices = new DeviceQueries(database.pool);
    const reach = async (scope: AccessScope) => ({
      clients: (await clients.list(scope)).map((client) => client.client_id),
      devices: (await devices.list({ scope, limit: 100 })).map((device) => device.external_id),
    });
    expect(await reach(north.scope)).toEqual({
      clients: [...north.clientIds],
      devices: ['north-device-1', 'north-device-2'],
    });
    expect(await reach(north.supervisor.scope)).toEqual({
      clients: [north.clientIds[0]],
      devices: ['north-device-1'],
    });
    expect((await reach(STAFF_SCOPE)).devices).toHaveLength(4);

    expect(await clients.byId(south.clientIds[0], north.scope)).toBeNull();
    expect(await clients.byId(north.clientIds[1], north.supervisor.scope)).toBeNull();
    expect(await clients.byId(north.clientIds[0], north.supervisor.scope)).toMatchObject({
      name: 'north client 1',
    });
    expect(await devices.byId(south.devices[0].deviceId, north.scope)).toBeNull();
    expect(await devices.list({ scope: north.scope, clientId: south.clientIds[0], limit: 10 })).toEqual([]);
  });

  it('show nobody but staff a device without a client', async () => {
    await database.pool.query(
      `insert into devices (external_id, kind, name) values ('spare', 'edge', 'spare')`,
    );
    const devices = new DeviceQueries(database.pool);
    const edges = (scope: AccessScope) => devices.list({ scope, kind: 'edge', limit: 10 });
    expect(await edges(STAFF_SCOPE)).toMatchObject([
      { external_id: 'spare', client_id: null, tenant_id: null },
    ]);
    expect(await edges(organisation.north.scope)).toEqual([]);
  });

  it('keep the lines of one tenant from the other', async () => {
    const audit = new AuditLog(database.pool);
    await alerts.acknowledge({
      alertId: alertIds.north1,
      userId: organisation.operator.id,
      scope: STAFF_SCOPE,
    });
    const lines = (scope: AccessScope) =>
      audit.list({ subjectType: 'alert', subjectId: String(alertIds.north1), scope, limit: 10 });
    expect(await lines(organisation.north.scope)).toHaveLength(1);
    expect(await lines(organisation.south.scope)).toEqual([]);
  });
});

it('takes a scope it does not know for a mistake, never for everything', async () => {
  const forged = { kind: 'everything' } as unknown as AccessScope;
  await expect(alerts.list({ scope: forged, limit: 1 })).rejects.toThrow('Unknown access scope');
});
