import { Body, Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { AlertQueries, UserQueries } from '@bus/database';
import { ALERT_SEVERITIES, ALERT_STATUSES, type AlertView } from '@bus/payload-schemas';
import type { Authentication } from '../auth/principal.ts';
import { CurrentUser } from '../http/gateway-request.ts';
import { idFrom, integerFrom, textFrom, wordFrom } from '../http/query-values.ts';
import { RequireAuthentication } from '../http/require-authentication.ts';
import { Refusal } from '../refusals/refusal.ts';
import { validatedBody } from '../refusals/validated-body.ts';
import { AlertActions } from './alert-actions.ts';
import { AlertChangeRequest } from './alert-change.request.ts';
import { AnnouncedAlerts } from './announced-alerts.ts';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 200;
const MAX_ID = 2_147_483_647;

interface AlertPageAnswer {
  readonly alerts: AlertView[];
  /** Give it back as `cursor` for the next page; null on the last one. */
  readonly next_cursor: string | null;
}

/** Alerts within the scope of who asks. What is outside looks like what does not exist. */
@Controller('api/alerts')
@UseGuards(RequireAuthentication)
export class AlertsController {
  constructor(
    private readonly alerts: AlertQueries,
    private readonly users: UserQueries,
    private readonly actions: AlertActions,
    private readonly announced: AnnouncedAlerts,
  ) {}

  @Get()
  async list(
    @CurrentUser() { principal }: Authentication,
    @Query() query: Record<string, unknown>,
  ): Promise<AlertPageAnswer> {
    const request = {
      status: wordFrom(query, 'status', ALERT_STATUSES),
      severity: wordFrom(query, 'severity', ALERT_SEVERITIES),
      clientId: integerFrom(query, 'client_id', { min: 1, max: MAX_ID }),
      cursor: textFrom(query, 'cursor', 300),
      limit: integerFrom(query, 'limit', { min: 1, max: MAX_PAGE }) ?? DEFAULT_PAGE,
      scope: await this.users.scopeOf(principal),
    };
    if (request.cursor === undefined) await this.announced.settled();
    const page = await this.alerts.list(request);
    return { alerts: page.alerts, next_cursor: page.nextCursor };
  }

  @Get(':id')
  async byId(@CurrentUser() { principal }: Authentication, @Param('id') id: string): Promise<AlertView> {
    const scope = await this.users.scopeOf(principal);
    const find = () => this.alerts.byId(idFrom(id), scope);
    const alert = (await find()) ?? (await this.announced.settled().then(find));
    if (alert === null) throw new Refusal('notFound', 'There is no such alert.');
    return alert;
  }

  @Post(':id/acknowledge')
  @HttpCode(200)
  acknowledge(
    @CurrentUser() { principal }: Authentication,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<{ alert: AlertView; changed: boolean }> {
    const { note } = validatedBody(AlertChangeRequest, body ?? {});
    return this.actions.acknowledge(principal, { alertId: idFrom(id), note });
  }

  @Post(':id/resolve')
  @HttpCode(200)
  resolve(
    @CurrentUser() { principal }: Authentication,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<{ alert: AlertView; changed: boolean }> {
    const { note } = validatedBody(AlertChangeRequest, body ?? {});
    return this.actions.resolve(principal, { alertId: idFrom(id), note });
  }
}
