import type { Sections } from './load-settings.ts';
import { settingsOf } from './setting.decorator.ts';

/**
 * The variables of these sections that the environment gives, unread and unchecked; empty ones count as not given. For a
 * program that knows another place to look when the environment says nothing. The result may hold secrets.
 */
export function givenSettings(
  sections: Sections,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const names = Object.values(sections)
    .flatMap(settingsOf)
    .map(({ name }) => name);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined || value.trim() === '' ? [] : [[name, value] as const];
    }),
  );
}
