import { sql, type Transaction } from 'kysely';
import type { Pool } from 'pg';
import type { Database } from '../schema/database-schema.ts';
import { kyselyOver } from '../schema/kysely.ts';
import { hashPassword, verifyPassword } from '../users/password-hash.ts';
import {
  DEMO_CLIENTS,
  DEMO_FLEET,
  DEMO_TENANTS,
  DEMO_USERS,
  type DemoDevice,
  type DemoUser,
} from './demo-fleet.ts';

export interface SeedDemoOptions {
  /** The password of every one of `DEMO_USERS`, by username. */
  readonly passwords: Readonly<Record<string, string>>;
  /** @default DEMO_FLEET */
  readonly fleet?: readonly DemoDevice[];
}

/**
 * Fills the database with the demo tenants, clients, people and devices. Repeating it adds what is missing and sets
 * passwords that have changed, nothing else; on an empty database every id comes out the same. People are marked
 * `is_demo`, so that production refuses to start beside them.
 *
 * @throws Error when a password is missing, or a person of the same name exists who is not of the demo.
 */
export async function seedDemo(pool: Pool, options: SeedDemoOptions): Promise<void> {
  const missing = DEMO_USERS.filter((user) => !options.passwords[user.username]);
  if (missing.length > 0) {
    throw new Error(`Give a password for the demo users ${missing.map((user) => user.username).join(', ')}.`);
  }
  await kyselyOver(pool)
    .transaction()
    .execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(hashtext('bus_seed_demo'))`.execute(transaction);
      const tenantIds = await seedTenants(transaction);
      const userIds = await seedUsers(transaction, tenantIds, options.passwords);
      const clientIds = await seedClients(transaction, tenantIds, userIds);
      await seedDevices(transaction, clientIds, options.fleet ?? DEMO_FLEET);
    });
}

async function seedTenants(transaction: Transaction<Database>): Promise<Map<string, number>> {
  const known = await transaction.selectFrom('tenants').select(['id', 'name']).execute();
  const ids = new Map(known.map((tenant) => [tenant.name, tenant.id]));
  for (const name of DEMO_TENANTS) {
    if (ids.has(name)) continue;
    const { id } = await transaction
      .insertInto('tenants')
      .values({ name })
      .returning('id')
      .executeTakeFirstOrThrow();
    ids.set(name, id);
  }
  return ids;
}

async function seedUsers(
  transaction: Transaction<Database>,
  tenantIds: Map<string, number>,
  passwords: Readonly<Record<string, string>>,
): Promise<Map<string, number>> {
  const known = await transaction
    .selectFrom('users')
    .select(['id', 'username', 'is_demo', 'password_hash'])
    .where(sql<boolean>`lower(username) = any(${DEMO_USERS.map((user) => user.username)}::text[])`)
    .execute();
  const knownByName = new Map(known.map((user) => [user.username.toLowerCase(), user]));
  const real = known.find((user) => !user.is_demo);
  if (real !== undefined) {
    throw new Error(
      `The user "${real.username}" exists and is not of the demo. Seed an empty database instead.`,
    );
  }
  // Hashing takes most of the time and is the same for everybody, so it is done side by side.
  const newHashes = await Promise.all(
    DEMO_USERS.map(async ({ username }) => {
      const password = passwords[username] ?? '';
      const hash = knownByName.get(username)?.password_hash;
      const isUnchanged = hash !== undefined && (await verifyPassword(password, hash));
      return isUnchanged ? null : hashPassword(password);
    }),
  );
  const ids = new Map<string, number>();
  for (const [index, user] of DEMO_USERS.entries()) {
    const knownUser = knownByName.get(user.username);
    const newHash = newHashes[index] ?? null;
    ids.set(user.username, knownUser?.id ?? (await addUser(transaction, user, newHash ?? '', tenantIds)));
    if (knownUser !== undefined && newHash !== null) await setHash(transaction, knownUser.id, newHash);
  }
  return ids;
}

async function addUser(
  transaction: Transaction<Database>,
  user: DemoUser,
  passwordHash: string,
  tenantIds: Map<string, number>,
): Promise<number> {
  const { id } = await transaction
    .insertInto('users')
    .values({
      username: user.username,
      role: user.role,
      tenant_id: user.tenant === null ? null : idOf(tenantIds, user.tenant),
      password_hash: passwordHash,
      is_demo: true,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function setHash(
  transaction: Transaction<Database>,
  userId: number,
  passwordHash: string,
): Promise<void> {
  await transaction
    .updateTable('users')
    .set({ password_hash: passwordHash, session_epoch: sql<number>`session_epoch + 1` })
    .where('id', '=', userId)
    .execute();
}

async function seedClients(
  transaction: Transaction<Database>,
  tenantIds: Map<string, number>,
  userIds: Map<string, number>,
): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  for (const client of DEMO_CLIENTS) {
    const tenantId = idOf(tenantIds, client.tenant);
    const known = await transaction
      .selectFrom('clients')
      .select('id')
      .where('tenant_id', '=', tenantId)
      .where('name', '=', client.name)
      .executeTakeFirst();
    const { id } =
      known ??
      (await transaction
        .insertInto('clients')
        .values({
          tenant_id: tenantId,
          name: client.name,
          supervisor_user_id: idOf(userIds, client.supervisor),
        })
        .returning('id')
        .executeTakeFirstOrThrow());
    ids.set(client.name, id);
  }
  return ids;
}

async function seedDevices(
  transaction: Transaction<Database>,
  clientIds: Map<string, number>,
  fleet: readonly DemoDevice[],
): Promise<void> {
  const known = await transaction.selectFrom('devices').select('external_id').execute();
  const knownIds = new Set(known.map((device) => device.external_id));
  const missing = fleet.filter((device) => !knownIds.has(device.username));
  if (missing.length === 0) return;
  await sql`
    insert into devices (external_id, kind, name, client_id, is_demo)
    select external_id, kind, external_id, client_id, true from unnest(
      ${missing.map((device) => device.username)}::text[],
      ${missing.map((device) => device.kind)}::text[],
      ${missing.map((device) => idOf(clientIds, device.client))}::integer[]
    ) with ordinality as given (external_id, kind, client_id, position)
    order by position`.execute(transaction);
}

function idOf(ids: Map<string, number>, name: string): number {
  const id = ids.get(name);
  if (id === undefined) throw new Error(`The demo names "${name}" without describing it.`);
  return id;
}
