import { Inject, Injectable } from '@nestjs/common';
import { POSTGRES_POOL } from '@bus/platform';
import type { Kysely } from 'kysely';
import type { Pool } from 'pg';
import { withinScope, type AccessScope } from '../access/access-scope.ts';
import type { Database } from '../schema/database-schema.ts';
import { kyselyOver } from '../schema/kysely.ts';
import type { DeviceKind } from './device-kind.ts';

/** A device as the wire carries it. */
export interface DeviceView {
  readonly device_id: number;
  readonly external_id: string;
  readonly kind: DeviceKind;
  readonly name: string;
  readonly client_id: number | null;
  readonly client_name: string | null;
  readonly tenant_id: number | null;
}

/** Devices for people who look at them. Messages find their device through `DeviceRegistry`. */
@Injectable()
export class DeviceQueries {
  readonly #db: Kysely<Database>;

  constructor(@Inject(POSTGRES_POOL) pool: Pool) {
    this.#db = kyselyOver(pool);
  }

  /** Devices in the order of their ids, starting after `afterId`, at most `limit`. */
  list(request: {
    scope: AccessScope;
    clientId?: number;
    kind?: DeviceKind;
    afterId?: number;
    limit: number;
  }): Promise<DeviceView[]> {
    let statement = this.#visible(request.scope).orderBy('device.id').limit(request.limit);
    if (request.clientId !== undefined)
      statement = statement.where('device.client_id', '=', request.clientId);
    if (request.kind !== undefined) statement = statement.where('device.kind', '=', request.kind);
    if (request.afterId !== undefined) statement = statement.where('device.id', '>', request.afterId);
    return statement.execute();
  }

  /** The device, or null when there is none or it is outside the scope. */
  async byId(deviceId: number, scope: AccessScope): Promise<DeviceView | null> {
    const device = await this.#visible(scope).where('device.id', '=', deviceId).executeTakeFirst();
    return device ?? null;
  }

  #visible(scope: AccessScope) {
    return this.#db
      .selectFrom('devices as device')
      .leftJoin('clients as client', 'client.id', 'device.client_id')
      .select([
        'device.id as device_id',
        'device.external_id',
        'device.kind',
        'device.name',
        'device.client_id',
        'client.name as client_name',
        'client.tenant_id',
      ])
      .where(withinScope(scope, { tenantId: 'client.tenant_id', clientId: 'device.client_id' }));
  }
}
