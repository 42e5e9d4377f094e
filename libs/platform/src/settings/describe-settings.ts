import type { SettingsClass } from './load-settings.ts';
import { settingsOf, type SettingKind, type SettingValue } from './setting.decorator.ts';

/** One setting as documentation, `.env.example`, compose and the manifests need it. */
export interface SettingDescription {
  readonly name: string;
  /** The key of its section in the object given. */
  readonly section: string;
  readonly kind: SettingKind;
  readonly description: string;
  readonly isSecret: boolean;
  /** Without it the app does not start, in development neither. */
  readonly isRequired: boolean;
  /** A fixed default. Computed ones (such as the host name) have none to show. */
  readonly default?: SettingValue;
  readonly example?: string;
}

/** Every setting of the sections, in the order of declaration; a variable two sections share appears once. */
export function describeSettings(sections: Record<string, SettingsClass>): readonly SettingDescription[] {
  const described = new Map<string, SettingDescription>();
  for (const [section, settingsClass] of Object.entries(sections)) {
    for (const setting of settingsOf(settingsClass)) {
      if (described.has(setting.name)) continue;
      const fixedDefault = typeof setting.default === 'function' ? undefined : setting.default;
      described.set(setting.name, {
        name: setting.name,
        section,
        kind: setting.kind,
        description: setting.description,
        isSecret: setting.secret ?? false,
        isRequired: setting.default === undefined && !setting.optional,
        ...(fixedDefault === undefined ? {} : { default: fixedDefault }),
        ...(setting.example === undefined ? {} : { example: setting.example }),
      });
    }
  }
  return [...described.values()];
}
