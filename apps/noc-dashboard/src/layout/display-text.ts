/**
 * Characters that change how *other* text looks: control characters, and the marks that turn the reading direction
 * (a device could write "gpj.exe" and show "exe.jpg"). Joiners stay, several scripts and emoji need them.
 */
const MISLEADING = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]+/gu;

/** Text from a device, safe to stand in one line beside other text; a removed run shows as one visible mark. */
export function displayText(text: string): string {
  return text.replace(MISLEADING, (run) => (/^[\t\n\r]+$/.test(run) ? ' ' : '\u2423'));
}

/** The same for places with little room, such as an announcement. */
export function shortText(text: string, maxLength = 160): string {
  const clean = displayText(text);
  return clean.length <= maxLength ? clean : `${clean.slice(0, maxLength - 1).trimEnd()}…`;
}

/** `door_forced` -> `door forced` */
export function readableType(alertType: string): string {
  return displayText(alertType).replaceAll('_', ' ');
}

/** `4503599627370496` -> `370496`: as much of an id as can be read out, for titles. What must be exact shows all of it. */
export function shortId(id: number): string {
  return String(id).slice(-6);
}
