let writtenMs = Number.NaN;
let written = '';

/** Now as ISO 8601. A busy producer asks many times a millisecond, and writing a date takes longer than checking most parameters. */
export function isoNow(): string {
  const nowMs = Date.now();
  if (nowMs !== writtenMs) {
    written = new Date(nowMs).toISOString();
    writtenMs = nowMs;
  }
  return written;
}
