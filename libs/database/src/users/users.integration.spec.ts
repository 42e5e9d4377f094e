import { createDatabase } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { AccessScope } from '../access/access-scope.ts';
import { createOrganisation, type TestOrganisation } from '../fixtures/organisation.fixture.ts';
import { migratedDatabase, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { UserQueries, type UserAccount } from './user.queries.ts';

let database: TestDatabase;
let organisation: TestOrganisation;
let users: UserQueries;
let nora: UserAccount;

beforeAll(async () => {
  database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
  organisation = await createOrganisation(database.pool);
  users = new UserQueries(database.pool);
  nora = await users.create({ username: 'Nora', password: 'pässword', role: 'noc_operator', tenantId: null });
});
afterAll(() => database.close());

describe('UserQueries.authenticate', () => {
  it('finds the user by name in any case and the right password', async () => {
    expect(nora).toEqual({
      id: expect.any(Number),
      username: 'Nora',
      role: 'noc_operator',
      tenantId: null,
      isDemo: false,
      sessionEpoch: 0,
    });
    expect(await users.authenticate('nORA', 'pässword')).toEqual(nora);
  });

  it('turns everybody else away alike', async () => {
    expect(await users.authenticate('Nora', 'password')).toBeNull();
    expect(await users.authenticate('nobody', 'pässword')).toBeNull();
    expect(await users.authenticate('Nora\u0000', 'pässword')).toBeNull();
    expect(await users.authenticate(`' or 1=1 --`, `' or 1=1 --`)).toBeNull();
    expect(await users.authenticate('', '')).toBeNull();
  });

  it('does not know inactive people', async () => {
    const gone = await users.create({ username: 'gone', password: 'secret', role: 'admin', tenantId: null });
    await database.pool.query('update users set is_active = false where id = $1', [gone.id]);
    expect(await users.authenticate('gone', 'secret')).toBeNull();
    expect(await users.byId(gone.id)).toBeNull();
  });

  it('takes a name once, whatever its case', async () => {
    await expect(
      users.create({ username: 'NORA', password: 'x', role: 'admin', tenantId: null }),
    ).rejects.toThrow('users_username_key');
  });
});

async function scopeOf(id: number): Promise<AccessScope> {
  return users.scopeOf((await users.byId(id))!);
}

describe('UserQueries', () => {
  it('ends sessions by raising the epoch, also with a new password', async () => {
    const user = await users.create({ username: 'epoch', password: 'old', role: 'admin', tenantId: null });
    expect(await users.endSessions(user.id)).toBe(1);
    await users.setPassword(user.id, 'new');
    expect(await users.byId(user.id)).toMatchObject({ sessionEpoch: 2 });
    expect(await users.authenticate('epoch', 'old')).toBeNull();
    expect(await users.authenticate('epoch', 'new')).toMatchObject({ id: user.id });
  });

  it('gives everybody the scope of the role', async () => {
    const { north } = organisation;
    expect(await scopeOf(nora.id)).toEqual({ kind: 'staff' });
    expect(await scopeOf(north.tenantUserId)).toEqual({ kind: 'tenant', tenantId: north.tenantId });
    expect(await scopeOf(north.supervisor.id)).toEqual({
      kind: 'tenant',
      tenantId: north.tenantId,
      clientIds: [north.clientIds[0]],
    });
  });

  it('never takes somebody without a tenant for staff', async () => {
    await expect(users.scopeOf({ id: 1, role: 'tenant_user', tenantId: null })).rejects.toThrow(
      'has no tenant',
    );
  });
});
