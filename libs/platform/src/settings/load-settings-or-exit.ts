import { createRootLogger } from '@bus/observability';
import { loadSettings, type Loaded, type Sections } from './load-settings.ts';
import { isSettingsError } from './settings.errors.ts';

/**
 * `loadSettings` for the first line of a `main.ts`: when the settings cannot be used, writes one JSON log line with every
 * problem and ends the process with exit code 1.
 */
export function loadSettingsOrExit<S extends Sections>(app: string, sections: S): Loaded<S> {
  try {
    return loadSettings(sections);
  } catch (error) {
    if (!isSettingsError(error)) throw error;
    const logger = createRootLogger({ app, instance: String(process.pid) });
    logger.fatal('The settings cannot be used; the process ends.', { problems: error.problems });
    process.exit(1);
  }
}
