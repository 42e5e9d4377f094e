import 'reflect-metadata';

/** What a setting is, for the loader, the reference page and `.env.example`. */
export interface SettingOptions {
  /** One sentence: what it decides, its unit, what happens without it. */
  readonly description: string;
  /** Its value must never be shown anywhere. */
  readonly secret?: boolean;
  /** Used when the variable is unset or empty. A function is asked once per load. */
  readonly default?: SettingValue | (() => SettingValue);
  /** May be left out although it has no default. */
  readonly optional?: boolean;
  /** A realistic value for `.env.example`. */
  readonly example?: string;
}

export type SettingValue = string | number | boolean | readonly string[];

/** How the text of the environment is read; taken from the TypeScript type of the property. */
export type SettingKind = 'text' | 'number' | 'boolean' | 'list';

export interface SettingDefinition extends SettingOptions {
  readonly name: string;
  readonly kind: SettingKind;
}

const SETTINGS = Symbol('settings');

const KINDS = new Map<unknown, SettingKind>([
  [String, 'text'],
  [Number, 'number'],
  [Boolean, 'boolean'],
  [Array, 'list'],
]);

/**
 * Marks a property as a setting read from the environment variable of the same name. Text, number, boolean
 * (`true/false/1/0/yes/no/on/off`) and `string[]` (comma separated) are understood. class-validator rules apply on top.
 */
export function Setting(options: SettingOptions): PropertyDecorator {
  return (target, property) => {
    const name = String(property);
    const declared: unknown = Reflect.getMetadata('design:type', target, property);
    const kind = KINDS.get(declared) ?? kindOfDefault(options);
    if (!kind) {
      throw new TypeError(
        `${name} must be declared as string, number, boolean or string[] right at the property, not through a type alias.`,
      );
    }
    const others = settingsOfPrototype(target).filter((known) => known.name !== name);
    Reflect.defineMetadata(SETTINGS, [...others, { ...options, name, kind }], target);
  };
}

/** Compilers differ in what they make of a type that is computed or imported; the default tells the same. */
function kindOfDefault({ default: value }: SettingOptions): SettingKind | undefined {
  if (Array.isArray(value)) return 'list';
  return KINDS.get(value?.constructor);
}

/** The settings of a class in the order they are declared, inherited ones first. */
export function settingsOf(settingsClass: abstract new () => object): readonly SettingDefinition[] {
  const prototype: object = settingsClass.prototype;
  return settingsOfPrototype(prototype);
}

function settingsOfPrototype(prototype: object): readonly SettingDefinition[] {
  const known: readonly SettingDefinition[] | undefined = Reflect.getMetadata(SETTINGS, prototype);
  return known ?? [];
}
