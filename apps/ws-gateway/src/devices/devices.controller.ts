import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { DEVICE_KINDS, DeviceQueries, UserQueries, type DeviceView } from '@bus/database';
import type { Authentication } from '../auth/principal.ts';
import { CurrentUser } from '../http/gateway-request.ts';
import { integerFrom, wordFrom } from '../http/query-values.ts';
import { RequireAuthentication } from '../http/require-authentication.ts';

const DEFAULT_PAGE = 200;
const MAX_PAGE = 1_000;
const MAX_ID = 2_147_483_647;

interface DevicePageAnswer {
  readonly devices: DeviceView[];
  /** Give it back as `after_id` for the next page; null on the last one. */
  readonly next_after_id: number | null;
}

/** Devices within the scope of who asks. */
@Controller('api/devices')
@UseGuards(RequireAuthentication)
export class DevicesController {
  constructor(
    private readonly devices: DeviceQueries,
    private readonly users: UserQueries,
  ) {}

  @Get()
  async list(
    @CurrentUser() { principal }: Authentication,
    @Query() query: Record<string, unknown>,
  ): Promise<DevicePageAnswer> {
    const limit = integerFrom(query, 'limit', { min: 1, max: MAX_PAGE }) ?? DEFAULT_PAGE;
    const devices = await this.devices.list({
      clientId: integerFrom(query, 'client_id', { min: 1, max: MAX_ID }),
      kind: wordFrom(query, 'kind', DEVICE_KINDS),
      afterId: integerFrom(query, 'after_id', { min: 0, max: MAX_ID }),
      scope: await this.users.scopeOf(principal),
      // One more than asked for tells whether there is another page.
      limit: limit + 1,
    });
    const page = devices.slice(0, limit);
    return { devices: page, next_after_id: devices.length > limit ? (page.at(-1)?.device_id ?? null) : null };
  }
}
