/** One thing wrong with the settings. Names the variable, never its value. */
export interface SettingsProblem {
  /** The environment variable, or the settings class when no single variable is at fault. */
  readonly setting: string;
  readonly problem: string;
}

/** The settings cannot be used. Carries every problem of every section, so that one correction round is enough. */
export class SettingsError extends Error {
  readonly code = 'SETTINGS_INVALID';
  readonly isRetryable = false;
  readonly problems: readonly SettingsProblem[];

  constructor(problems: readonly SettingsProblem[]) {
    const lines = problems.map(({ setting, problem }) => `  - ${setting}: ${problem}`);
    super(`The settings cannot be used, ${problems.length} to correct:\n${lines.join('\n')}`);
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

export function isSettingsError(error: unknown): error is SettingsError {
  return error instanceof Error && 'code' in error && error.code === 'SETTINGS_INVALID';
}
