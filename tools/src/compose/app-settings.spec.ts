import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseEnv } from 'node:util';
import {
  describeSettings,
  isSettingsError,
  loadSettings,
  settingsWarnings,
  type SettingsClass,
} from '@bus/platform';
import { REPOSITORY_ROOT } from '@bus/testing';
import { describe, expect, it } from 'vitest';
import { BUS_APPS, type BusApp } from '../bus/app-environment.ts';
import { completeSecrets } from '../start/secret-store.ts';
import { readComposeFile, readImageEnvironment, withDefaults } from './container-files.fixture.ts';
import { renderPreparedFiles } from './prepared-files.ts';

const prepared = renderPreparedFiles(completeSecrets({}));

/** The three places the environment of an app comes from. */
function environmentOf(app: BusApp) {
  const file = prepared.find(({ service, name }) => service === app && name === 'app.env');
  const given = readComposeFile().services[app]?.environment ?? {};
  return {
    image: readImageEnvironment(),
    file: parseEnv(file?.content ?? '') as Record<string, string>,
    compose: Object.fromEntries(Object.entries(given).map(([name, value]) => [name, withDefaults(value)])),
  };
}

/** The settings classes of an app, as its `settings.ts` exports them. */
async function sectionsOf(app: BusApp): Promise<Record<string, SettingsClass> | undefined> {
  const file = join(REPOSITORY_ROOT, 'apps', app, 'src/settings.ts');
  const exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const name = Object.keys(exported).find((key) => key.endsWith('SECTIONS'));
  return name === undefined ? undefined : (exported[name] as Record<string, SettingsClass>);
}

const apps = await Promise.all(BUS_APPS.map(async (app) => ({ app, sections: await sectionsOf(app) })));
const described = apps.flatMap(({ app, sections }) => (sections === undefined ? [] : [{ app, sections }]));

describe.for(described)('the environment of $app in its container', ({ app, sections }) => {
  const { image, file, compose } = environmentOf(app);
  // What Node finds in the environment wins over the file.
  const environment = { ...file, ...image, ...compose };

  it('is complete and understood', () => {
    expect(settingsWarnings(loadSettings(sections, environment))).toEqual([]);
  });

  it('holds only what the app reads', () => {
    const known = describeSettings(sections).map(({ name }) => name);
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('has its secrets in the file, each of them set', () => {
    const secret = describeSettings(sections).filter(({ isSecret }) => isSecret);
    const inTheOpen = secret.filter(({ name }) => name in compose || name in image);
    expect(inTheOpen).toEqual([]);
    const unset = secret.filter(({ name }) => !file[name]).map(({ name }) => name);
    // The metrics are published on loopback only.
    expect(unset).toEqual(app === 'metrics-exporter' ? ['PROMETHEUS_API_KEY'] : []);
  });

  it('says nothing twice, so that no place hides another', () => {
    const twice = Object.keys(file).filter((name) => name in compose || name in image);
    expect(twice).toEqual([]);
  });

  it('is refused in production', () => {
    expect(() => loadSettings(sections, { ...environment, NODE_ENV: 'production' })).toThrow(
      expect.toSatisfy(isSettingsError),
    );
  });

  it('serves health where the container looks for it', () => {
    const { services } = readComposeFile();
    expect(environment['OPS_PORT']).toBe('9100');
    expect(services[app]?.healthcheck?.test?.join(' ')).toContain('process.env.OPS_PORT');
  });
});
