import { DeviceTime, NumberFrom, Text } from '../rules/rules.ts';

/** `sensor/{sensorId}/status`: what a sensor measures (`value`), or how it stands (`state`), or both. */
export class SensorStatusPayload {
  /** What the sensor senses: `smoke`, `door`, `motion`, `humidity`. */
  @Text(64) type!: string;
  /** In the unit of the sensor's type. */
  @NumberFrom(-1e12, 1e12, 'in the unit of the type', { optional: true }) value?: number | null;
  /** The sensor's state in its own words: `open`, `closed`, `tamper`. */
  @Text(64, { optional: true }) state?: string | null;
  @DeviceTime() timestamp!: string | number;
}
