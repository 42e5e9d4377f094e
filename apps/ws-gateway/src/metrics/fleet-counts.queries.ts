import { Inject, Injectable } from '@nestjs/common';
import { kyselyOver, type AccessScope } from '@bus/database';
import { ALERT_SEVERITIES, type AlertSeverity } from '@bus/payload-schemas';
import { POSTGRES_POOL, type createPostgresPool } from '@bus/platform';

/** A device counts as connected when its last report is not older than this. */
export const CONNECTED_WITHIN_SECONDS = 300;
/** Device clocks may be ahead a little; what is further ahead says nothing about now. */
const CLOCK_AHEAD_SECONDS = 300;
/** The stored column `urgency` is above 10 exactly for open alerts, and it is the one with an index. */
const URGENCY_OF_CLOSED = 10;

/** Numbers for the head of the screen, as the wire carries them. */
export interface FleetCounts {
  readonly open_alerts: Record<AlertSeverity | 'total', number>;
  /** Open alerts nobody has acknowledged. */
  readonly unacknowledged_alerts: number;
  readonly devices: {
    readonly total: number;
    readonly connected: number;
    readonly connected_within_seconds: number;
  };
}

/** Counts over what a scope may see. */
@Injectable()
export class FleetCountsQueries {
  private readonly db: ReturnType<typeof kyselyOver>;

  constructor(@Inject(POSTGRES_POOL) pool: ReturnType<typeof createPostgresPool>) {
    this.db = kyselyOver(pool);
  }

  /** The counts of everything in the scope, or of one client in it. Rejects when Postgres is away. */
  async count(scope: AccessScope, clientId?: number): Promise<FleetCounts> {
    const [alerts, devices] = await Promise.all([
      this.countAlerts(scope, clientId),
      this.countDevices(scope, clientId),
    ]);
    return { ...alerts, devices: { ...devices, connected_within_seconds: CONNECTED_WITHIN_SECONDS } };
  }

  private async countAlerts(
    scope: AccessScope,
    clientId: number | undefined,
  ): Promise<Pick<FleetCounts, 'open_alerts' | 'unacknowledged_alerts'>> {
    let statement = this.db
      .selectFrom('device_alerts')
      .select(({ fn }) => ['severity', 'status', fn.countAll<string>().as('count')])
      .where('urgency', '>', URGENCY_OF_CLOSED)
      .groupBy(['severity', 'status']);
    if (scope.kind === 'tenant') {
      statement = statement.where('tenant_id', '=', scope.tenantId);
      if (scope.clientIds !== undefined)
        statement = statement.where('client_id', 'in', listOf(scope.clientIds));
    }
    if (clientId !== undefined) statement = statement.where('client_id', '=', clientId);
    const rows = await statement.execute();
    const sum = (matches: (row: (typeof rows)[number]) => boolean): number =>
      rows.filter(matches).reduce((total, row) => total + Number(row.count), 0);
    const bySeverity = ALERT_SEVERITIES.map(
      (severity) => [severity, sum((row) => row.severity === severity)] as const,
    );
    return {
      open_alerts: {
        ...(Object.fromEntries(bySeverity) as Record<AlertSeverity, number>),
        total: sum(() => true),
      },
      unacknowledged_alerts: sum((row) => row.status === 'new'),
    };
  }

  private async countDevices(
    scope: AccessScope,
    clientId: number | undefined,
  ): Promise<{ total: number; connected: number }> {
    const nowMs = Date.now();
    const from = new Date(nowMs - CONNECTED_WITHIN_SECONDS * 1000);
    const to = new Date(nowMs + CLOCK_AHEAD_SECONDS * 1000);
    let devices = this.db
      .selectFrom('devices as device')
      .leftJoin('clients as client', 'client.id', 'device.client_id')
      .select('device.external_id');
    if (scope.kind === 'tenant') {
      devices = devices.where('client.tenant_id', '=', scope.tenantId);
      if (scope.clientIds !== undefined) devices = devices.where('client.id', 'in', listOf(scope.clientIds));
    }
    if (clientId !== undefined) devices = devices.where('device.client_id', '=', clientId);
    const row = await this.db
      .with('visible', () => devices)
      .selectFrom('visible')
      .select(({ fn, exists, selectFrom, or }) => {
        // Each of the four is looked up by (source, time): only the parts of the last minutes are touched.
        const reports = [
          selectFrom('device_telemetry as report').select('report.source_id'),
          selectFrom('guard_locations as report').select('report.source_id'),
          selectFrom('sensor_readings as report').select('report.source_id'),
          selectFrom('system_health as report').select('report.source_id'),
        ] as const;
        const reported = or(
          reports.map((report) =>
            exists(
              // All four have these columns; only the compiler cannot call a method of one of four builders.
              (report as (typeof reports)[0])
                .whereRef('report.source_id', '=', 'visible.external_id')
                .where('report.device_time', '>', from)
                .where('report.device_time', '<', to),
            ),
          ),
        );
        return [
          fn.countAll<string>().as('total'),
          fn.countAll<string>().filterWhere(reported).as('connected'),
        ];
      })
      .executeTakeFirstOrThrow();
    return { total: Number(row.total), connected: Number(row.connected) };
  }
}

/** SQL knows no empty list; no client has the number 0. */
function listOf(clientIds: readonly number[]): number[] {
  return clientIds.length === 0 ? [0] : [...clientIds];
}
