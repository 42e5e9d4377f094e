import { isRecord } from './wire-guards.ts';
import type { GroupPosition, SubscribedGroup } from './wire-types.ts';

/** The groups of a `subscribed` notice; `isComplete` is false when some could not be read and may hide a gap. */
export function readGroups(body: unknown): { groups: SubscribedGroup[]; isComplete: boolean } {
  const listed = isRecord(body) && Array.isArray(body.groups) ? (body.groups as unknown[]) : null;
  const groups = (listed ?? []).flatMap((group) =>
    isRecord(group) && readPosition(group)
      ? [{ ...group, replayed: typeof group.replayed === 'number' ? group.replayed : 0 } as SubscribedGroup]
      : [],
  );
  return { groups, isComplete: listed?.length === groups.length };
}

/** A position, or null when part of it is missing. */
export function readPosition(body: unknown): GroupPosition | null {
  if (!isRecord(body)) return null;
  const { group, epoch, offset } = body;
  if (typeof group !== 'string' || typeof epoch !== 'string') return null;
  return typeof offset === 'string' && /^\d+$/.test(offset) ? { group, epoch, offset } : null;
}

/** A time on the wire in milliseconds, or null. */
export function readInstant(value: unknown): number | null {
  if (typeof value === 'number') return value;
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? null : parsed;
}
