import { FollowsRule, Setting } from '@bus/platform';
import { IsInt, Max, Min } from 'class-validator';
import { DEFAULT_DEMO_FLEET_SIZE, DEMO_USERS } from './demo-fleet.ts';

const PASSWORD_FORM = /^([^=]+)=(.+)$/;

/** What the demo seed takes from the environment. */
export class DemoSettings {
  @Setting({
    description:
      'Passwords of demo users as username=password; the others get a random one, which is printed.',
    secret: true,
    optional: true,
    example: 'noc=only-for-the-demo',
  })
  @FollowsRule('areDemoPasswords', passwordsProblem)
  DEMO_PASSWORDS?: string[];

  @Setting({
    description: 'General field units of the simulated fleet.',
    default: DEFAULT_DEMO_FLEET_SIZE.device,
  })
  @IsInt()
  @Min(0)
  @Max(100_000)
  DEMO_DEVICES!: number;

  @Setting({ description: 'Guards of the simulated fleet.', default: DEFAULT_DEMO_FLEET_SIZE.guard })
  @IsInt()
  @Min(0)
  @Max(100_000)
  DEMO_GUARDS!: number;

  @Setting({ description: 'Sensors of the simulated fleet.', default: DEFAULT_DEMO_FLEET_SIZE.sensor })
  @IsInt()
  @Min(0)
  @Max(100_000)
  DEMO_SENSORS!: number;

  @Setting({ description: 'Edge servers of the simulated fleet.', default: DEFAULT_DEMO_FLEET_SIZE.edge })
  @IsInt()
  @Min(0)
  @Max(100_000)
  DEMO_EDGES!: number;

  static productionProblems(): string[] {
    return ['NODE_ENV is production, where demo users are refused: do not seed the demo there'];
  }
}

/** The passwords of the setting by username. */
export function demoPasswordsOf(settings: DemoSettings): Map<string, string> {
  return new Map(
    (settings.DEMO_PASSWORDS ?? []).map((entry) => {
      const [, username = '', password = ''] = PASSWORD_FORM.exec(entry) ?? [];
      return [username, password];
    }),
  );
}

function passwordsProblem(value: unknown): string | undefined {
  const known = new Set(DEMO_USERS.map((user) => user.username));
  const isFine = (entry: unknown) => known.has(PASSWORD_FORM.exec(String(entry))?.[1] ?? '');
  return Array.isArray(value) && value.every(isFine)
    ? undefined
    : `must be a list of username=password for the users ${[...known].join(', ')}`;
}
