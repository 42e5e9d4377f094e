import { validateSync, type ValidationError } from 'class-validator';
import { parseSetting } from './parse-setting.ts';
import { settingsOf } from './setting.decorator.ts';
import { SettingsError, type SettingsProblem } from './settings.errors.ts';
import { unknownSettings } from './unknown-settings.ts';

/**
 * A class whose properties are settings. `static problems(settings)` may check what no single property can, and
 * `static productionProblems(settings)` what only production forbids. Both may get an incomplete instance; each
 * sentence they return begins with the name of the variable.
 */
export interface SettingsClass<T extends object = object> {
  new (): T;
  problems?(settings: T): readonly string[];
  productionProblems?(settings: T): readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;
export type Sections = Record<string, SettingsClass>;
export type Loaded<S extends Sections> = { [K in keyof S]: InstanceType<S[K]> };

const warningsOf = new WeakMap<object, readonly string[]>();

/**
 * Reads and checks the settings of all sections from the environment. Empty variables count as unset.
 * Throws one SettingsError with every problem of every section, by name and never by value; with
 * NODE_ENV=production the production problems are among them. Misspelt variables become warnings: see `settingsWarnings`.
 */
export function loadSettings<S extends Sections>(sections: S, env: Environment = process.env): Loaded<S> {
  const problems: SettingsProblem[] = [];
  const loaded: Record<string, object> = {};
  for (const [key, settingsClass] of Object.entries(sections)) {
    const { instance, problems: own } = loadSection(settingsClass, env);
    loaded[key] = instance;
    problems.push(...own);
  }
  if (problems.length > 0) throw new SettingsError(withoutRepeats(problems));
  const warnings = unknownSettings(Object.values(sections).flatMap(settingsOf), env);
  for (const holder of [loaded, ...Object.values(loaded)]) warningsOf.set(holder, warnings);
  return loaded as Loaded<S>;
}

/** The warnings found while the settings (the result of `loadSettings`, or one section of it) were loaded. */
export function settingsWarnings(settings: object): readonly string[] {
  return warningsOf.get(settings) ?? [];
}

function loadSection(
  settingsClass: SettingsClass,
  env: Environment,
): { instance: object; problems: readonly SettingsProblem[] } {
  const problems: SettingsProblem[] = [];
  const unreadable = new Set<string>();
  const values: Record<string, unknown> = {};
  for (const definition of settingsOf(settingsClass)) {
    const parsed = parseSetting(definition, env[definition.name]);
    if (parsed.ok) {
      if (parsed.value !== undefined) values[definition.name] = parsed.value;
    } else {
      unreadable.add(definition.name);
      problems.push({ setting: definition.name, problem: parsed.problem });
    }
  }
  const instance = Object.assign(new settingsClass(), values);
  problems.push(...brokenRules(settingsClass, instance, unreadable));
  const isComplete = problems.length === 0;
  problems.push(...problemsFrom(() => settingsClass.problems?.(instance), isComplete));
  if (env['NODE_ENV'] === 'production') {
    problems.push(...problemsFrom(() => settingsClass.productionProblems?.(instance), isComplete));
  }
  return { instance, problems };
}

function brokenRules(
  settingsClass: SettingsClass,
  instance: object,
  unreadable: ReadonlySet<string>,
): SettingsProblem[] {
  const optional = new Set(
    settingsOf(settingsClass)
      .filter((definition) => definition.optional)
      .map(({ name }) => name),
  );
  return validateSync(instance, {
    forbidUnknownValues: false,
    validationError: { target: false, value: false },
  })
    .filter(({ property }) => !unreadable.has(property))
    .filter(({ property }) => !(optional.has(property) && Reflect.get(instance, property) === undefined))
    .flatMap(problemsOfRule);
}

function problemsOfRule({ property, constraints = {} }: ValidationError): SettingsProblem[] {
  return Object.values(constraints).map((message) => ({
    setting: property,
    // The default messages of class-validator begin with the property; ours are shown after it.
    problem: message.startsWith(`${property} `) ? message.slice(property.length + 1) : message,
  }));
}

function problemsFrom(check: () => readonly string[] | undefined, isComplete: boolean): SettingsProblem[] {
  try {
    return (check() ?? []).map((sentence) => {
      const [setting = '', ...rest] = sentence.split(' ');
      return { setting, problem: rest.join(' ') };
    });
  } catch (error) {
    // On an incomplete section the check may stumble over what is already reported; otherwise it is a defect.
    if (isComplete) throw error;
    return [];
  }
}

/** Two sections may share a variable; its problem is told once. */
function withoutRepeats(problems: readonly SettingsProblem[]): SettingsProblem[] {
  return [...new Map(problems.map((one) => [`${one.setting}\n${one.problem}`, one])).values()];
}
