import { describeSettings, type SettingDescription, type SettingsClass } from '@bus/platform';

import { GENERATED_NOTE } from './generated-note.ts';
import { code, markdownTable } from './markdown.ts';

/** The settings sections of one app, as its `settings.ts` exports them. */
export interface AppSettings {
  readonly app: string;
  readonly sections: Record<string, SettingsClass>;
}

/** The reference page of all settings, app by app. */
export function renderSettingsPage(apps: readonly AppSettings[]): string {
  return [
    `<!-- ${GENERATED_NOTE} -->`,
    '',
    '# Settings',
    '',
    'Every process is configured by environment variables alone. They are checked together before anything starts: all',
    'problems are reported at once, by name and never by value. With `NODE_ENV=production` a process also refuses to start',
    'without TLS to its backends and proper secrets.',
    '',
    ...apps.flatMap(({ app, sections }) => [
      `## ${app}`,
      '',
      ...markdownTable(
        ['variable', 'default', 'what it decides'],
        describeSettings(sections).map((setting) => [
          code(setting.name),
          describeDefault(setting),
          setting.isSecret ? `${setting.description} Secret.` : setting.description,
        ]),
      ),
      '',
    ]),
  ].join('\n');
}

/** `.env.example`: each variable once, with the apps that read it. */
export function renderEnvExample(apps: readonly AppSettings[]): string {
  const readers = new Map<string, { setting: SettingDescription; apps: string[] }>();
  for (const { app, sections } of apps) {
    for (const setting of describeSettings(sections)) {
      const known = readers.get(setting.name);
      if (known) known.apps.push(app);
      else readers.set(setting.name, { setting, apps: [app] });
    }
  }
  const blocks = [...readers.values()].flatMap(({ setting, apps: readBy }) => {
    const value = String(setting.example ?? (setting.isSecret ? '' : (setting.default ?? '')));
    const assignment = `${setting.name}=${value}`;
    const who = readBy.length === apps.length ? 'every app' : readBy.join(', ');
    return ['', `# ${setting.description} (${who})`, setting.isRequired ? assignment : `# ${assignment}`];
  });
  return [`# ${GENERATED_NOTE}`, '# Commented lines show defaults and examples.', ...blocks, ''].join('\n');
}

function describeDefault(setting: SettingDescription): string {
  // The only secrets with a default are public stand-ins for development.
  if (setting.isSecret && setting.default !== undefined) return 'a development value';
  if (setting.default !== undefined && String(setting.default) !== '') return code(String(setting.default));
  return setting.isRequired ? '**required**' : '';
}
