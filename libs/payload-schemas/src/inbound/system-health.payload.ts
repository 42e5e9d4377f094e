import { AtLeastOne } from '../rules/class-rule.ts';
import { DeviceTime, NumberFrom } from '../rules/rules.ts';

/** `system/health/{systemId}`: the load of an edge server. Each figure is optional, at least one must be there. */
@AtLeastOne('cpu', 'memory', 'disk', 'uptime')
export class SystemHealthPayload {
  /** Use in percent. */
  @NumberFrom(0, 100, '%', { optional: true }) cpu?: number | null;
  /** Use in percent. */
  @NumberFrom(0, 100, '%', { optional: true }) memory?: number | null;
  /** Use in percent. */
  @NumberFrom(0, 100, '%', { optional: true }) disk?: number | null;
  /** Seconds since the system started. */
  @NumberFrom(0, 10_000_000_000, 's', { optional: true }) uptime?: number | null;
  @DeviceTime() timestamp!: string | number;
}
