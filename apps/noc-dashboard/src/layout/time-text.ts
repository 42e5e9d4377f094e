/*
 * Times are shown in the operator's own zone. Ages are computed from instants, so a change to or from summer time
 * in the middle of a shift moves no age.
 */

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const exact = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});

/** `14:32:10` */
export function formatTime(instantMs: number): string {
  return time.format(instantMs);
}

/** `05 Jan 2026, 14:32:10 CET`, or the text itself when it is no time. */
export function formatExact(iso: string | null): string {
  if (iso === null || iso === '') return 'unknown';
  const instantMs = Date.parse(iso);
  return Number.isNaN(instantMs) ? iso : exact.format(instantMs);
}

/** How long ago, in the largest unit that says enough: `now`, `42 s`, `7 min`, `3 h 05`, `12 d`. */
export function formatAge(instantMs: number, nowMs: number): string {
  if (Number.isNaN(instantMs)) return 'unknown';
  const seconds = Math.floor((nowMs - instantMs) / 1000);
  if (seconds < 3) return 'now';
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')}`;
  return `${Math.floor(hours / 24)} d`;
}

/** `42 s ago`, `just now` */
export function formatAgo(instantMs: number, nowMs: number): string {
  const age = formatAge(instantMs, nowMs);
  if (age === 'unknown') return age;
  return age === 'now' ? 'just now' : `${age} ago`;
}

/** `4:05`, for a countdown. */
export function formatCountdown(remainingMs: number): string {
  const seconds = Math.max(0, Math.ceil(remainingMs / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
