import { parseArgs } from 'node:util';
import type { FleetSettings } from './simulated-fleet.ts';

export const FLEET_HELP = `node tools/dist/simulated-fleet/main.js [options]

  --runtime <file>        where broker and devices are described (default .data/runtime.json)
  --seed <n>              same seed, same behaviour (default 1)
  --plain                 no TLS; without it every second member uses TLS
  --alert-every <s>       mean seconds between two alerts of the fleet; 0: none (default 10)
  --telemetry-every <s>   seconds between two readings of a device (default 10)
  --gps-every <s>         ... of a guard (default 5)
  --sensor-every <s>      ... of a sensor (default 10)
  --health-every <s>      ... of an edge server (default 15)
  --duration <s>          end after that time; 0: never (default 0)
`;

export interface FleetOptions {
  runtimeFile: string;
  plain: boolean;
  durationSeconds: number;
  help: boolean;
  settings: Omit<FleetSettings, 'run'>;
}

/** Throws with a message for people when an option is unknown or no number. */
export function parseFleetOptions(args: readonly string[]): FleetOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runtime: { type: 'string', default: '.data/runtime.json' },
      seed: { type: 'string', default: '1' },
      plain: { type: 'boolean', default: false },
      'alert-every': { type: 'string', default: '10' },
      'telemetry-every': { type: 'string', default: '10' },
      'gps-every': { type: 'string', default: '5' },
      'sensor-every': { type: 'string', default: '10' },
      'health-every': { type: 'string', default: '15' },
      duration: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  });
  const number = (name: keyof typeof values, least: number): number => {
    const value = Number(values[name]);
    if (!Number.isFinite(value) || value < least)
      throw new Error(`--${name} must be a number of at least ${least}.`);
    return value;
  };
  return {
    runtimeFile: values.runtime,
    plain: values.plain,
    durationSeconds: number('duration', 0),
    help: values.help,
    settings: {
      seed: number('seed', 0),
      alertEverySeconds: number('alert-every', 0),
      everySeconds: {
        device: number('telemetry-every', 0.01),
        guard: number('gps-every', 0.01),
        sensor: number('sensor-every', 0.01),
        edge: number('health-every', 0.01),
      },
    },
  };
}
