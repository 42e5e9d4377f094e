import type { SettingDefinition, SettingValue } from './setting.decorator.ts';

const TRUE = new Set(['true', '1', 'yes', 'on']);
const FALSE = new Set(['false', '0', 'no', 'off']);

export type ParsedSetting =
  | { readonly ok: true; readonly value: SettingValue | undefined }
  | { readonly ok: false; readonly problem: string };

/** Reads one setting from the environment. Empty and blank count as unset. The problem never contains the value. */
export function parseSetting(definition: SettingDefinition, raw: string | undefined): ParsedSetting {
  if (raw === undefined || raw.trim() === '') return valueWhenUnset(definition);
  switch (definition.kind) {
    case 'text':
      return { ok: true, value: raw };
    case 'number':
      return parseNumber(raw.trim());
    case 'boolean':
      return parseBoolean(raw.trim().toLowerCase());
    case 'list':
      return { ok: true, value: parseList(raw) };
    default:
      return definition.kind satisfies never;
  }
}

/** The default of a setting, with computed ones asked now. */
export function defaultOf(definition: SettingDefinition): SettingValue | undefined {
  return typeof definition.default === 'function' ? definition.default() : definition.default;
}

function valueWhenUnset(definition: SettingDefinition): ParsedSetting {
  const value = defaultOf(definition);
  if (value === undefined && !definition.optional) {
    return { ok: false, problem: `is required. ${definition.description}` };
  }
  return { ok: true, value };
}

function parseNumber(text: string): ParsedSetting {
  const value = Number(text);
  return Number.isFinite(value) ? { ok: true, value } : { ok: false, problem: 'must be a number' };
}

function parseBoolean(text: string): ParsedSetting {
  if (TRUE.has(text)) return { ok: true, value: true };
  if (FALSE.has(text)) return { ok: true, value: false };
  return { ok: false, problem: 'must be true or false' };
}

function parseList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
