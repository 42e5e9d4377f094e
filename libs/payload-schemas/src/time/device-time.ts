/** A device time further ahead of its arrival than this is suspect: no message arrives before it was sent. 5 min. */
export const MAX_CLOCK_AHEAD_MS = 5 * 60_000;

/** A device time older than this at arrival is suspect: a device keeps at most a day of unsent messages. 24 h. */
export const MAX_CLOCK_BEHIND_MS = 24 * 60 * 60_000;

/** Numbers below this are epoch seconds, from it on milliseconds: as seconds it is the year 5138, as milliseconds March 1973. */
const FIRST_MILLISECONDS = 100_000_000_000;

/** The times that every store on the way can hold. A clock outside of them is wrong anyway and is moved to the nearest edge. */
const EARLIEST_MS = 0;
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * ISO 8601 with date and time; seconds, fraction and zone may be missing. Month and day may be 00, which is what a clock
 * without battery writes. Linear: every alternative starts differently.
 */
export const TIMESTAMP_PATTERN =
  /^(\d{4})-(0\d|1[0-2])-([0-2]\d|3[01])[T ]([01]\d|2[0-4]):([0-5]\d)(?::([0-5]\d|60)(?:\.(\d{1,9}))?)?(?:Z|([+-])([01]\d|2[0-3]):?([0-5]\d))?$/;

/**
 * Reads a device's time. Null when it is no time at all. A clock that is merely wrong (year 1, 30 February, epoch
 * microseconds) still gives a time, the nearest that can be stored, so the message is kept; `isClockSuspect` tells.
 */
export function parseDeviceTime(value: unknown): Date | null {
  if (typeof value === 'number') return Number.isFinite(value) ? storable(fromEpoch(value)) : null;
  if (typeof value !== 'string' || value.length > 40) return null;
  const parts = TIMESTAMP_PATTERN.exec(value);
  if (parts === null) return null;
  const [, year, month, day, hour, minute, second, fraction, sign, zoneHour, zoneMinute] = parts;
  const milliseconds = fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'));
  const time = new Date(0);
  // Not Date.UTC: it reads the years 0 to 99 as 1900 to 1999.
  time.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  time.setUTCHours(Number(hour), Number(minute), Number(second ?? 0), milliseconds);
  const offsetMinutes = sign === undefined ? 0 : Number(zoneHour) * 60 + Number(zoneMinute);
  return storable(time.getTime() - (sign === '-' ? -offsetMinutes : offsetMinutes) * 60_000);
}

/**
 * Whether a device's clock cannot be trusted for this message: more than 5 minutes ahead of its arrival, or more than
 * 24 hours behind. Such a message is kept, flagged, and ordered by its arrival.
 */
export function isClockSuspect(deviceTime: Date, receivedAt: Date): boolean {
  const aheadMs = deviceTime.getTime() - receivedAt.getTime();
  return aheadMs > MAX_CLOCK_AHEAD_MS || -aheadMs > MAX_CLOCK_BEHIND_MS;
}

/**
 * The same for a message that need not say when: nothing said is nothing to mistrust, something unreadable is.
 * @param timestamp what the message says, as it came
 */
export function isTimestampSuspect(timestamp: unknown, receivedAt: Date): boolean {
  if (timestamp === undefined || timestamp === null) return false;
  const deviceTime = parseDeviceTime(timestamp);
  return deviceTime === null || isClockSuspect(deviceTime, receivedAt);
}

function fromEpoch(value: number): number {
  return Math.abs(value) < FIRST_MILLISECONDS ? value * 1000 : value;
}

function storable(epochMs: number): Date {
  return new Date(Math.min(Math.max(epochMs, EARLIEST_MS), LATEST_MS));
}
