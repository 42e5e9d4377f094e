import type { TaskDefinition } from '@bus/task-base';
import { UsageError } from '../cli.errors.ts';
import type { Session } from '../session/session.ts';

/** @throws UsageError that suggests the nearest names */
export async function taskNamed(session: Session, name: string): Promise<TaskDefinition> {
  const catalog = await session.catalog();
  const task = catalog.find((one) => one.name === name);
  if (task !== undefined) return task;
  throw new UsageError(
    `There is no task '${name}'.`,
    suggestion(
      name,
      catalog.map((one) => one.name),
    ),
  );
}

/** Words that help to the right name. */
export function suggestion(name: string, names: readonly string[]): string {
  const near = nearestOf(name, names);
  if (near.length > 0) return `did you mean ${near.join(' or ')}?`;
  return names.length > 0 ? `it is one of ${names.join(', ')}` : 'there are none yet';
}

const MOST_SUGGESTIONS = 3;

/** The names most like this one, best first; none when nothing is like it. */
export function nearestOf(name: string, names: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  return names
    .map((candidate) => ({ candidate, distance: distanceOf(wanted, candidate) }))
    .filter(
      ({ candidate, distance }) =>
        distance <= Math.max(2, candidate.length / 3) || (wanted.length >= 3 && candidate.includes(wanted)),
    )
    .toSorted((one, other) => one.distance - other.distance)
    .slice(0, MOST_SUGGESTIONS)
    .map(({ candidate }) => candidate);
}

/** Letters to add, drop or change to make one word of the other (Levenshtein). */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
