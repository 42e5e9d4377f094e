import type { SettingDefinition } from './setting.decorator.ts';

/** Variables Kubernetes and Docker add for a service named like one of our prefixes, such as REDIS_SERVICE_HOST. */
const INJECTED_BY_PLATFORM = /_SERVICE_(?:HOST|PORT)|_PORT_\d+_(?:TCP|UDP)/;

/** Prefixes other programs use too, so a variable that starts with them says nothing. */
const SHARED_PREFIXES = new Set(['NODE_', 'LOG_', 'INSTANCE_']);

/**
 * One warning for each variable that starts like one of the settings but is none, most likely a misspelt name.
 */
export function unknownSettings(
  definitions: readonly SettingDefinition[],
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const names = new Set(definitions.map(({ name }) => name));
  const prefixes = new Set([...names].map(prefixOf).filter((prefix) => !SHARED_PREFIXES.has(prefix)));
  return Object.keys(env)
    .filter((name) => !names.has(name) && prefixes.has(prefixOf(name)))
    .filter((name) => !INJECTED_BY_PLATFORM.test(name) && !/^(?:tcp|udp):\/\//.test(env[name] ?? ''))
    .toSorted()
    .map((name) => `${name} is not a setting of this app; check its spelling.`);
}

function prefixOf(name: string): string {
  return name.slice(0, name.indexOf('_') + 1) || name;
}
