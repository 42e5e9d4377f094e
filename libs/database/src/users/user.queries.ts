import { Inject, Injectable } from '@nestjs/common';
import { POSTGRES_POOL } from '@bus/platform';
import { sql, type Kysely } from 'kysely';
import type { Pool } from 'pg';
import type { AccessScope } from '../access/access-scope.ts';
import type { Database } from '../schema/database-schema.ts';
import { kyselyOver } from '../schema/kysely.ts';
import { hashPassword, verifyPassword } from './password-hash.ts';
import { isStaff, type UserRole } from './user-role.ts';

/** A person who may log in. Never carries the password hash. */
export interface UserAccount {
  readonly id: number;
  readonly username: string;
  readonly role: UserRole;
  /** Null for staff. */
  readonly tenantId: number | null;
  readonly isDemo: boolean;
  /** Belongs into every token and session of the user; one with an older number is over. */
  readonly sessionEpoch: number;
}

export interface NewUser {
  /** Unique without regard to case. */
  readonly username: string;
  readonly password: string;
  readonly role: UserRole;
  /** Null for staff, required for the others. */
  readonly tenantId: number | null;
  readonly isDemo?: boolean;
}

/** People, their passwords and what they may see. Inactive people are treated as if they did not exist. */
@Injectable()
export class UserQueries {
  readonly #db: Kysely<Database>;

  constructor(@Inject(POSTGRES_POOL) pool: Pool) {
    this.#db = kyselyOver(pool);
  }

  /**
   * The user whose name (in any case) and password these are, else null. Unknown, inactive and wrong password look
   * and last the same. Limiting the number of tries is the caller's work.
   */
  async authenticate(username: string, password: string): Promise<UserAccount | null> {
    // A name with NUL cannot be asked for, and nobody has it.
    const row = username.includes('\u0000')
      ? undefined
      : await this.#active()
          .select('password_hash')
          .where(sql<boolean>`lower(username) = lower(${username})`)
          .executeTakeFirst();
    const isPassword = await verifyPassword(password, row?.password_hash ?? null);
    if (row === undefined || !isPassword) return null;
    const { password_hash: _, ...account } = row;
    return account;
  }

  /** The user, or null when there is none or it is inactive. */
  async byId(userId: number): Promise<UserAccount | null> {
    return (await this.#active().where('id', '=', userId).executeTakeFirst()) ?? null;
  }

  /**
   * What the user may see: staff everything, a tenant user the own tenant, a supervisor the clients he supervises.
   * Read anew each time, because supervision changes.
   */
  async scopeOf(user: Pick<UserAccount, 'id' | 'role' | 'tenantId'>): Promise<AccessScope> {
    if (isStaff(user.role)) return { kind: 'staff' };
    if (user.tenantId === null) throw new Error(`User ${user.id} is not staff and has no tenant.`);
    if (user.role === 'tenant_user') return { kind: 'tenant', tenantId: user.tenantId };
    const clients = await this.#db
      .selectFrom('clients')
      .select('id')
      .where('tenant_id', '=', user.tenantId)
      .where('supervisor_user_id', '=', user.id)
      .orderBy('id')
      .execute();
    return { kind: 'tenant', tenantId: user.tenantId, clientIds: clients.map((client) => client.id) };
  }

  /** Adds a user. Rejects when the name is taken. */
  async create(user: NewUser): Promise<UserAccount> {
    return this.#db
      .insertInto('users')
      .values({
        username: user.username,
        password_hash: await hashPassword(user.password),
        role: user.role,
        tenant_id: user.tenantId,
        is_demo: user.isDemo ?? false,
      })
      .returning(ACCOUNT_COLUMNS)
      .executeTakeFirstOrThrow();
  }

  /** Sets a new password and ends every session of the user. */
  async setPassword(userId: number, password: string): Promise<void> {
    const passwordHash = await hashPassword(password);
    await this.#db
      .updateTable('users')
      .set({ password_hash: passwordHash, session_epoch: sql<number>`session_epoch + 1` })
      .where('id', '=', userId)
      .execute();
  }

  /** Ends every token and session of the user and returns the epoch that new ones carry. */
  async endSessions(userId: number): Promise<number> {
    const row = await this.#db
      .updateTable('users')
      .set({ session_epoch: sql<number>`session_epoch + 1` })
      .where('id', '=', userId)
      .returning('session_epoch')
      .executeTakeFirstOrThrow();
    return row.session_epoch;
  }

  /** Whether the demo seed left anybody here, active or not. Production refuses to start then. */
  async hasDemoUsers(): Promise<boolean> {
    const row = await this.#db
      .selectFrom('users')
      .select('id')
      .where('is_demo', '=', true)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  #active() {
    return this.#db.selectFrom('users').select(ACCOUNT_COLUMNS).where('is_active', '=', true);
  }
}

const ACCOUNT_COLUMNS = [
  'id',
  'username',
  'role',
  'tenant_id as tenantId',
  'is_demo as isDemo',
  'session_epoch as sessionEpoch',
] as const;
