import { Inject, Injectable } from '@nestjs/common';
import { POSTGRES_POOL } from '@bus/platform';
import type { Kysely } from 'kysely';
import type { Pool } from 'pg';
import { withinScope, type AccessScope } from '../access/access-scope.ts';
import type { Database } from '../schema/database-schema.ts';
import { kyselyOver } from '../schema/kysely.ts';

/** A client as the wire carries it. */
export interface ClientView {
  readonly client_id: number;
  readonly name: string;
  readonly tenant_id: number;
  readonly supervisor_user_id: number | null;
}

/** The customers of the tenants. "May this person follow that client?" is `byId` with the person's scope. */
@Injectable()
export class ClientQueries {
  readonly #db: Kysely<Database>;

  constructor(@Inject(POSTGRES_POOL) pool: Pool) {
    this.#db = kyselyOver(pool);
  }

  /** All clients of the scope, by name. */
  list(scope: AccessScope): Promise<ClientView[]> {
    return this.#visible(scope).orderBy('client.name').orderBy('client.id').execute();
  }

  /** The client, or null when there is none or it is outside the scope. */
  async byId(clientId: number, scope: AccessScope): Promise<ClientView | null> {
    const client = await this.#visible(scope).where('client.id', '=', clientId).executeTakeFirst();
    return client ?? null;
  }

  #visible(scope: AccessScope) {
    return this.#db
      .selectFrom('clients as client')
      .select(['client.id as client_id', 'client.name', 'client.tenant_id', 'client.supervisor_user_id'])
      .where(withinScope(scope, { tenantId: 'client.tenant_id', clientId: 'client.id' }));
  }
}
