import { DeviceTime, NumberFrom, Text } from '../rules/rules.ts';
import { WholeMessage } from '../rules/class-rule.ts';

/** The readings every device of the fleet knows, each optional. */
const KNOWN_READINGS = ['battery', 'signal', 'temperature', 'connectivity'] as const;

/** Numbers under these names describe the message, not the device's surroundings. Names ending in `_id` do so too. */
const NOT_READINGS: ReadonlySet<string> = new Set(['id', 'timestamp', ...KNOWN_READINGS]);

/** The most further readings one message may carry. */
export const MAX_READINGS = 64;

/**
 * `device/{deviceId}/telemetry`. Every reading is optional, at least one must be there; any further field with a
 * number is a reading of its own (`humidity: 41.5`).
 */
@WholeMessage({
  field: 'readings',
  allowed: 'present: battery, signal, temperature, connectivity or a further field with a number',
  schema: {
    not: {
      properties: Object.fromEntries([
        ...[...NOT_READINGS].map((name) => [name, true]),
        ...KNOWN_READINGS.map((name) => [name, { type: 'null' }]),
      ]) as Record<string, unknown>,
      patternProperties: { _id$: true },
      additionalProperties: { not: { type: 'number' } },
    },
  },
  isValid: (plain) => {
    if (KNOWN_READINGS.some((name) => plain[name] !== undefined && plain[name] !== null)) return true;
    return Object.entries(plain).some(([name, value]) => isFurtherReading(name, value));
  },
})
export class DeviceTelemetryPayload {
  /** Charge in percent. */
  @NumberFrom(0, 100, '%', { optional: true }) battery?: number | null;
  /** Radio signal in dBm. */
  @NumberFrom(-200, 100, 'dBm', { optional: true }) signal?: number | null;
  /** Temperature in °C; the lowest is absolute zero. */
  @NumberFrom(-273.15, 1000, '°C', { optional: true }) temperature?: number | null;
  /** How the device is connected, in its own words (`4g`, `wifi`, `online`). */
  @Text(64, { optional: true }) connectivity?: string | null;
  @DeviceTime() timestamp!: string | number;
}

/** The further numeric readings of a telemetry message, at most 64; the rest stays in `raw`. */
export function furtherReadings(plain: object): Record<string, number> {
  const readings: Record<string, number> = {};
  let count = 0;
  for (const [name, value] of Object.entries(plain)) {
    if (!isFurtherReading(name, value)) continue;
    count += 1;
    if (count > MAX_READINGS) break;
    readings[name] = value as number;
  }
  return readings;
}

function isFurtherReading(name: string, value: unknown): boolean {
  return typeof value === 'number' && !NOT_READINGS.has(name) && !name.endsWith('_id');
}
