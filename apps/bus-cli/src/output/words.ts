const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** A time span in its two largest units: `3m 12s`, `2d 4h`; below ten seconds with a decimal: `1.2s`, below one `250ms`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-';
  if (seconds < 0) return `-${duration(-seconds)}`;
  if (seconds < 1) return seconds === 0 ? '0s' : `${Math.round(seconds * 1_000)}ms`;
  if (seconds < 10 && !Number.isInteger(seconds)) return `${seconds.toFixed(1)}s`;
  let left = Math.round(seconds);
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    // Two units tell enough, and they are neighbours: "2d" rather than "2d 5s".
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

/** How long ago a moment was; '-' when there was none. */
export function ago(since: Date | null, now: Date = new Date()): string {
  return since === null ? '-' : duration((now.getTime() - since.getTime()) / 1_000);
}

/** The moment for people, in UTC like every log of the bus. */
export function moment(at: Date | null): string {
  return at === null ? '-' : at.toISOString().replace('T', ' ').replace('.000Z', 'Z');
}

/** The same without what is less than a second. */
export function secondOf(at: Date | null): string {
  return moment(at).replace(/\.\d+Z$/, 'Z');
}

/** `1 job`, `2 jobs`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

/** Longer than any line; what lies behind is for `show` and `--json`. */
const MOST_CHARACTERS = 2_000;

/** The beginning of a value on one line: texts as they are, everything else as JSON. */
export function oneLine(value: unknown): string {
  if (value === null || value === undefined) return '-';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
