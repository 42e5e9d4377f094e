import { Option, type Command } from 'commander';
import type { CatchUpPolicy, OverlapPolicy, ScheduleDefinition } from '@bus/task-base';
import { timeOrNone, timeSpan, wholeNumber } from './option-values.ts';
import { addParamsOptions, givenParams, type ParamsOptions } from './params-option.ts';

/** What a schedule can be told, as it is written on the command line. */
export interface ScheduleOptions extends ParamsOptions {
  readonly cron?: string;
  /** Seconds. */
  readonly every?: number;
  readonly timeZone?: string;
  readonly starts?: Date | 'none';
  readonly ends?: Date | 'none';
  readonly catchUp?: CatchUpPolicy;
  readonly catchUpLimit?: number;
  readonly overlap?: OverlapPolicy;
  /** Seconds. */
  readonly jitter?: number;
}

const CATCH_UP = ['skip', 'once', 'all'] as const satisfies readonly CatchUpPolicy[];
const OVERLAP = ['allow', 'skip', 'queue'] as const satisfies readonly OverlapPolicy[];

export function addScheduleOptions(command: Command): Command {
  return addParamsOptions(command)
    .option('--cron <pattern>', 'five fields, six with seconds in front, or @daily and the like')
    .option('--every <time>', 'so long apart instead: 30, 30s, 5m, 2h, 1d', timeSpan)
    .option('--time-zone <zone>', 'IANA name in which --cron is read; UTC at first')
    .option('--starts <time>', 'no slot before this (ISO 8601); none takes it away', timeOrNone)
    .option('--ends <time>', 'no slot at or after this (ISO 8601); none takes it away', timeOrNone)
    .addOption(
      new Option(
        '--catch-up <policy>',
        'what becomes of slots that no worker could act on; once at first',
      ).choices(CATCH_UP),
    )
    .option('--catch-up-limit <count>', 'with --catch-up all at most so many; 100 at first', wholeNumber)
    .addOption(
      new Option('--overlap <policy>', 'while an earlier run is not finished; skip at first').choices(
        OVERLAP,
      ),
    )
    .option('--jitter <time>', 'hold each run back by up to this; none at first', timeSpan);
}

/** What the options say of a schedule, and nothing else. `params` are those it has. */
export function definitionOf(
  options: ScheduleOptions,
  params?: unknown,
): Partial<Omit<ScheduleDefinition, 'name' | 'taskName' | 'enabled'>> {
  const { cron, every, timeZone, starts, ends, catchUp, catchUpLimit, overlap, jitter } = options;
  const whole = {
    cron,
    everySeconds: every,
    timeZone,
    startsAt: starts === 'none' ? null : starts,
    endsAt: ends === 'none' ? null : ends,
    catchUp,
    catchUpLimit,
    overlap,
    jitterSeconds: jitter,
    params: givenParams(options, params),
  };
  return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined));
}
