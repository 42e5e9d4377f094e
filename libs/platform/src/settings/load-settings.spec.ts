import { IsIn, Min } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { describeSettings } from './describe-settings.ts';
import { loadSettings, settingsWarnings } from './load-settings.ts';
import { RuntimeSettings } from './runtime.settings.ts';
import { Setting } from './setting.decorator.ts';
import { isSettingsError, type SettingsError } from './settings.errors.ts';

class KitchenSettings {
  @Setting({ description: 'Name of the cook.' })
  KITCHEN_COOK!: string;

  @Setting({ description: 'Plates on the table.', default: 4 })
  @Min(1)
  KITCHEN_PLATES!: number;

  @Setting({ description: 'Whether the oven is on.', default: false })
  KITCHEN_OVEN!: boolean;

  @Setting({ description: 'What is cooked.', default: ['soup'] })
  KITCHEN_DISHES!: string[];

  @Setting({ description: 'Key of the cellar.', secret: true, optional: true, example: 'rusty' })
  @IsIn(['rusty', 'shiny'])
  KITCHEN_KEY?: string;

  static productionProblems(settings: KitchenSettings): string[] {
    return settings.KITCHEN_OVEN ? [] : ['KITCHEN_OVEN must be on in production'];
  }
}

class GardenSettings {
  @Setting({ description: 'Trees in the garden.', default: () => 3 })
  GARDEN_TREES!: number;
}

function problemsOf(load: () => unknown): string[] {
  try {
    load();
  } catch (error) {
    if (isSettingsError(error)) return error.problems.map(({ setting, problem }) => `${setting}: ${problem}`);
    throw error;
  }
  return [];
}

describe('loadSettings', () => {
  it('reads every kind of value into instances of the sections', () => {
    const { kitchen, garden } = loadSettings(
      { kitchen: KitchenSettings, garden: GardenSettings },
      {
        KITCHEN_COOK: 'Ada',
        KITCHEN_PLATES: ' 12 ',
        KITCHEN_OVEN: 'Yes',
        KITCHEN_DISHES: 'soup, , bread',
        KITCHEN_KEY: 'rusty',
      },
    );
    expect(kitchen).toBeInstanceOf(KitchenSettings);
    expect(kitchen).toMatchObject({
      KITCHEN_COOK: 'Ada',
      KITCHEN_PLATES: 12,
      KITCHEN_OVEN: true,
      KITCHEN_DISHES: ['soup', 'bread'],
      KITCHEN_KEY: 'rusty',
    });
    expect(garden.GARDEN_TREES).toBe(3);
  });

  it('takes empty and blank variables as unset', () => {
    const { kitchen } = loadSettings(
      { kitchen: KitchenSettings },
      { KITCHEN_COOK: 'Ada', KITCHEN_PLATES: '', KITCHEN_KEY: ' ' },
    );
    expect(kitchen.KITCHEN_PLATES).toBe(4);
    expect(kitchen.KITCHEN_KEY).toBeUndefined();
  });

  it('reports every problem of every section at once', () => {
    const problems = problemsOf(() =>
      loadSettings(
        { kitchen: KitchenSettings, garden: GardenSettings },
        {
          KITCHEN_COOK: '',
          KITCHEN_PLATES: '0',
          KITCHEN_OVEN: 'maybe',
          GARDEN_TREES: 'many',
          KITCHEN_KEY: 'bent',
        },
      ),
    );
    expect(problems).toEqual([
      'KITCHEN_COOK: is required. Name of the cook.',
      'KITCHEN_OVEN: must be true or false',
      'KITCHEN_PLATES: must not be less than 1',
      'KITCHEN_KEY: must be one of the following values: rusty, shiny',
      'GARDEN_TREES: must be a number',
    ]);
  });

  it('adds the production problems in production only', () => {
    const env = { KITCHEN_COOK: 'Ada' };
    expect(problemsOf(() => loadSettings({ kitchen: KitchenSettings }, env))).toEqual([]);
    expect(
      problemsOf(() => loadSettings({ kitchen: KitchenSettings }, { ...env, NODE_ENV: 'production' })),
    ).toEqual(['KITCHEN_OVEN: must be on in production']);
    expect(
      problemsOf(() => loadSettings({ kitchen: KitchenSettings }, { NODE_ENV: 'production' })),
    ).toHaveLength(2);
  });

  it('never shows a value', () => {
    const env = Object.fromEntries(
      describeSettings({ kitchen: KitchenSettings, garden: GardenSettings, runtime: RuntimeSettings }).map(
        ({ name }) => [name, 'canary value!'],
      ),
    );
    let failure: SettingsError | undefined;
    try {
      loadSettings({ kitchen: KitchenSettings, garden: GardenSettings, runtime: RuntimeSettings }, env);
    } catch (error) {
      if (isSettingsError(error)) failure = error;
    }
    expect(failure?.problems.length).toBeGreaterThan(5);
    expect(`${failure?.message}${failure?.stack}${JSON.stringify(failure)}`).not.toContain('canary');
  });

  it('does not hide a defect of a production check', () => {
    class BrokenSettings extends GardenSettings {
      static productionProblems(): string[] {
        throw new TypeError('defect');
      }
    }
    expect(() => loadSettings({ broken: BrokenSettings }, { NODE_ENV: 'production' })).toThrow('defect');
  });

  it('warns of variables that look like misspelt settings, and of no others', () => {
    const settings = loadSettings(
      { kitchen: KitchenSettings, runtime: RuntimeSettings },
      {
        KITCHEN_COOK: 'Ada',
        KITCHEN_PLATE: '3',
        OPS_PROT: '9000',
        KITCHEN_SERVICE_HOST: '10.0.0.1',
        KITCHEN_PORT_80_TCP_ADDR: '10.0.0.1',
        KITCHEN_PORT: 'tcp://10.0.0.1:80',
        NODE_OPTIONS: '--x',
        LOG_DIRECTORY: '/var',
        GARDEN_TREES: '3',
      },
    );
    const expected = [
      'KITCHEN_PLATE is not a setting of this app; check its spelling.',
      'OPS_PROT is not a setting of this app; check its spelling.',
    ];
    expect(settingsWarnings(settings)).toEqual(expected);
    expect(settingsWarnings(settings.runtime)).toEqual(expected);
  });
});

describe('describeSettings', () => {
  it('lists every setting once, secrets and requirements marked', () => {
    const described = describeSettings({
      kitchen: KitchenSettings,
      again: KitchenSettings,
      garden: GardenSettings,
    });
    expect(described.map(({ name }) => name)).toEqual([
      'KITCHEN_COOK',
      'KITCHEN_PLATES',
      'KITCHEN_OVEN',
      'KITCHEN_DISHES',
      'KITCHEN_KEY',
      'GARDEN_TREES',
    ]);
    expect(described[0]).toMatchObject({
      section: 'kitchen',
      isRequired: true,
      isSecret: false,
      kind: 'text',
    });
    expect(described[4]).toMatchObject({ isRequired: false, isSecret: true, example: 'rusty' });
    expect(described[5]).toMatchObject({ isRequired: false, kind: 'number' });
    expect(described[5]).not.toHaveProperty('default');
  });
});
