import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { renderMosquittoAcl } from '@bus/topic-whitelist';

import { renderAsyncApi } from './asyncapi.ts';
import { renderBusCliPage, type CommandDescription } from './bus-cli-page.ts';
import { renderMetricsPage } from './metrics-page.ts';
import { renderEnvExample, renderSettingsPage, type AppSettings } from './settings-page.ts';
import { renderTopicsPage } from './topics-page.ts';

/** The apps whose settings are documented, in the order of a message's way. */
const APPS = ['mqtt-ingest', 'task-worker', 'ws-gateway', 'metrics-exporter'];

/**
 * Every generated file of the repository: path relative to its root -> content.
 * @param workspaceRoot a workspace that is built: the apps' settings are read from their `dist/`
 */
export async function renderReferenceFiles(workspaceRoot: string): Promise<Record<string, string>> {
  const apps = await Promise.all(APPS.map((app) => loadSettingsOf(workspaceRoot, app)));
  const { version } = JSON.parse(readFileSync(path.join(workspaceRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  const commandLine = await describeCommandLine(workspaceRoot);
  return {
    '.env.example': renderEnvExample(apps),
    'docs/asyncapi.yaml': renderAsyncApi(version),
    'docs/reference/bus-cli.md': renderBusCliPage(commandLine),
    'docs/reference/metrics.md': renderMetricsPage(),
    'docs/reference/settings.md': renderSettingsPage(apps),
    'docs/reference/topics.md': renderTopicsPage(),
    'deploy/mosquitto/acl': renderMosquittoAcl(),
  };
}

async function describeCommandLine(workspaceRoot: string): Promise<CommandDescription> {
  const file = path.join(workspaceRoot, 'apps/bus-cli/dist/describe-program.js');
  const { describeProgram } = (await import(pathToFileURL(file).href)) as {
    describeProgram: () => CommandDescription;
  };
  return describeProgram();
}

async function loadSettingsOf(workspaceRoot: string, app: string): Promise<AppSettings> {
  const file = path.join(workspaceRoot, 'apps', app, 'dist/settings.js');
  const { SECTIONS } = (await import(pathToFileURL(file).href)) as { SECTIONS?: AppSettings['sections'] };
  if (!SECTIONS) throw new Error(`${file} does not export SECTIONS, the settings classes of ${app}`);
  return { app, sections: SECTIONS };
}
