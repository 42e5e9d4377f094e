import { DeviceTime, Id, NumberFrom } from '../rules/rules.ts';

/**
 * `guard/{guardId}/gps`. `guard_id` and `client_id` are what the guard's phone believes; the platform trusts its own
 * registry and keeps these for comparison.
 */
export class GuardGpsPayload {
  /** Degrees north. */
  @NumberFrom(-90, 90, 'degrees') lat!: number;
  /** Degrees east. */
  @NumberFrom(-180, 180, 'degrees') lon!: number;
  /** Radius of the position's uncertainty in metres. */
  @NumberFrom(0, 1_000_000, 'm', { optional: true }) accuracy?: number | null;
  @Id({ optional: true }) guard_id?: number | null;
  @Id({ optional: true }) client_id?: number | null;
  @DeviceTime() timestamp!: string | number;
}
