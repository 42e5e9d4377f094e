import { Inject, Injectable, Optional } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { POSTGRES_POOL } from '@bus/platform';
import type { Pool } from 'pg';
import { measuredQuery } from '../schema/measured-query.ts';
import { storableText } from '../storable-values.ts';
import type { DeviceKind } from './device-kind.ts';
import { ExpiringCache } from './expiring-cache.ts';

/** A known device and who it belongs to. A device without a client is seen by staff only. */
export interface RegisteredDevice {
  readonly deviceId: number;
  /** The MQTT username, which is the id in the device's topics. */
  readonly externalId: string;
  readonly kind: DeviceKind;
  readonly clientId: number | null;
  readonly clientName: string | null;
  readonly tenantId: number | null;
  readonly supervisorUserId: number | null;
}

/** How long an answer, also "unknown", is used without asking Postgres again. */
const FRESH_MS = 30_000;
/** About 10 MB; a fleet larger than this still works, with more questions to Postgres. */
const MAX_CACHED_DEVICES = 50_000;

const FIND_DEVICES = `
select device.id as "deviceId", device.external_id as "externalId", device.kind, device.client_id as "clientId",
  client.name as "clientName", client.tenant_id as "tenantId", client.supervisor_user_id as "supervisorUserId"
from devices as device left join clients as client on client.id = device.client_id
where device.external_id = any($1::text[])`;

/**
 * Who a message belongs to. The device says only who it is (its MQTT username); tenant and client come from here.
 * Answers may be up to 30 s old.
 */
@Injectable()
export class DeviceRegistry {
  /** Holds promises, so that a burst of messages of one new device asks once. */
  readonly #cache: ExpiringCache<string, Promise<RegisteredDevice | null>>;

  constructor(
    @Inject(POSTGRES_POOL) private readonly pool: Pool,
    @Optional() private readonly metrics?: Metrics,
  ) {
    this.#cache = new ExpiringCache({ freshMs: FRESH_MS, maxEntries: MAX_CACHED_DEVICES });
  }

  /**
   * The devices among `externalIds` that are known; unknown ones are not in the map. One question for all that are
   * not cached. Rejects when Postgres cannot be asked; nothing is cached then.
   */
  async lookup(externalIds: readonly string[]): Promise<Map<string, RegisteredDevice>> {
    const answers = new Map<string, Promise<RegisteredDevice | null>>();
    const missing: string[] = [];
    for (const externalId of new Set(externalIds)) {
      const cached = this.#cache.get(externalId);
      if (cached === undefined) missing.push(externalId);
      else answers.set(externalId, cached);
    }
    if (missing.length > 0) {
      for (const [externalId, answer] of this.#ask(missing)) answers.set(externalId, answer);
    }
    const found = new Map<string, RegisteredDevice>();
    for (const device of await Promise.all(answers.values())) {
      if (device !== null) found.set(device.externalId, device);
    }
    return found;
  }

  /** Forgets what it knows, for the moment after a device was registered or moved. Other processes wait 30 s. */
  forget(): void {
    this.#cache.clear();
  }

  #ask(externalIds: string[]): Map<string, Promise<RegisteredDevice | null>> {
    const values = [externalIds.map(storableText)];
    const rows = measuredQuery(this.metrics, 'find_devices', async () => {
      const result = await this.pool.query<RegisteredDevice>({
        name: 'find_devices',
        text: FIND_DEVICES,
        values,
      });
      return new Map(result.rows.map((device) => [device.externalId, device]));
    });
    const answers = new Map<string, Promise<RegisteredDevice | null>>();
    for (const externalId of externalIds) {
      const answer = rows.then((devices) => devices.get(externalId) ?? null);
      answers.set(externalId, answer);
      this.#cache.set(externalId, answer);
      answer.catch(() => this.#cache.deleteIfSame(externalId, answer));
    }
    return answers;
  }
}
