/** What stands in the place of a sealed field on a screen. */
export const SEALED = '[sealed]';

const MAX_DEPTH = 16;

/** A copy in which every `{sealed: …}`, however deep, is shown as '[sealed]'. Values deeper than any job's are left out. */
export function withoutSeals(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => withoutSeals(item, depth + 1));
  if (isSeal(value)) return SEALED;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, withoutSeals(field, depth + 1)]),
  );
}

/** Whether something in the value was taken out for good, so that it cannot be used in its place. */
export function isIncomplete(value: unknown): boolean {
  if (typeof value === 'string') {
    return /\[(?:redacted|sealed|circular|too deep|unreadable|\d+ bytes)\]|… \(cut\)$/.test(value);
  }
  if (typeof value !== 'object' || value === null) return false;
  return isSeal(value) || Object.values(value).some(isIncomplete);
}

function isSeal(value: object): boolean {
  return 'sealed' in value && Object.keys(value).length === 1;
}
