import { UserQueries } from '@bus/database';
import {
  createPostgresPool,
  isSettingsError,
  loadSettings,
  PostgresSettings,
  RuntimeSettings,
  SettingsError,
  type SettingsProblem,
} from '@bus/platform';
import { SECTIONS, type GatewayAppSettings } from '../settings.ts';

/** The same variables without the demand for TLS: this is to look for demo users, whatever else is wrong. */
class ReachablePostgres extends PostgresSettings {
  static override productionProblems(): string[] {
    return [];
  }
}

/**
 * The settings of the gateway. In production also looks into the database for demo users, so that one start tells
 * everything that is in the way. While the database cannot be asked, the start goes on: no demo user gets in, see `UserDirectory`.
 * @throws SettingsError with every problem, by name and never by value.
 */
export async function loadGatewaySettings(): Promise<GatewayAppSettings> {
  const [loaded, demoUsers] = [tryToLoad(), await demoUsersProblems()];
  const problems = [...loaded.problems, ...demoUsers];
  if (loaded.settings === undefined || problems.length > 0) throw new SettingsError(problems);
  return loaded.settings;
}

function tryToLoad(): { settings?: GatewayAppSettings; problems: readonly SettingsProblem[] } {
  try {
    return { settings: loadSettings(SECTIONS), problems: [] };
  } catch (error) {
    if (isSettingsError(error)) return { problems: error.problems };
    throw error;
  }
}

async function demoUsersProblems(): Promise<SettingsProblem[]> {
  let postgres: PostgresSettings;
  try {
    const sections = loadSettings({ runtime: RuntimeSettings, postgres: ReachablePostgres });
    if (sections.runtime.NODE_ENV !== 'production') return [];
    postgres = sections.postgres;
  } catch (error) {
    // The same problems are told by the settings themselves.
    if (isSettingsError(error)) return [];
    throw error;
  }
  const pool = createPostgresPool(postgres, { applicationName: 'ws-gateway:boot-gate' });
  try {
    const hasDemoUsers = await new UserQueries(pool).hasDemoUsers();
    return hasDemoUsers
      ? [{ setting: 'DATABASE_URL', problem: 'leads to a database with demo users; remove them' }]
      : [];
  } catch {
    return [];
  } finally {
    await pool.end();
  }
}
