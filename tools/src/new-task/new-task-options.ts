import { parseArgs } from 'node:util';
import { QUEUE_NAMES } from '@bus/task-base';
import type { QueueName } from '@bus/task-base';
import { NewTaskRefusedError } from './new-task.errors.ts';
import { TASK_BASES } from './task-bases.ts';
import type { TaskBaseName } from './task-bases.ts';
import { isTaskName } from './task-words.ts';

/** What `npm run new:task` was asked for. */
export interface NewTaskOptions {
  readonly name: string;
  readonly queue: QueueName;
  readonly base: TaskBaseName;
  /** The app that runs the task. */
  readonly app: string;
  /** The folder of the app, and its module, that the handler goes into. */
  readonly area: string;
}

export const USAGE = `npm run new:task -- <name> --queue <queue> [--base <base>] [--app <app>] [--area <folder>]

  <name>    a verb phrase in snake_case, such as send_invoice
  --queue   ${QUEUE_NAMES.join(', ')}
  --base    ${Object.keys(TASK_BASES).join(', ')} (default: plain)
  --app     the app that runs it (default: task-worker)
  --area    a folder of the app; a new one gets its module (default: one named like the task)
`;

const AREA = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/**
 * Reads the command line.
 *
 * @throws NewTaskRefusedError naming everything that is wrong with it
 */
export function readOptions(args: readonly string[]): NewTaskOptions {
  const { values, positionals } = parse(args);
  const { queue, base = 'plain', app = 'task-worker' } = values;
  const [name = ''] = positionals;
  const area = values.area ?? name.replaceAll('_', '-');
  const problems: string[] = [];
  if (positionals.length !== 1) problems.push('give one name');
  else if (!isTaskName(name)) {
    problems.push(`'${name}' is no task name: two or more words in snake_case, at most 64 characters`);
  }
  if (!isQueueName(queue)) problems.push(`--queue is one of ${QUEUE_NAMES.join(', ')}`);
  if (!isBaseName(base)) problems.push(`--base is one of ${Object.keys(TASK_BASES).join(', ')}`);
  if (!AREA.test(app)) problems.push(`'${app}' is no app`);
  if (values.area !== undefined && !AREA.test(area)) problems.push(`--area is one folder name in kebab-case`);
  if (problems.length > 0 || !isQueueName(queue) || !isBaseName(base)) {
    throw new NewTaskRefusedError(`${problems.join('\n')}\n\n${USAGE}`);
  }
  return { name, queue, base, app, area };
}

function parse(args: readonly string[]) {
  const options = {
    queue: { type: 'string' },
    base: { type: 'string' },
    app: { type: 'string' },
    area: { type: 'string' },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new NewTaskRefusedError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function isQueueName(name: string | undefined): name is QueueName {
  return QUEUE_NAMES.some((queue) => queue === name);
}

function isBaseName(name: string): name is TaskBaseName {
  return Object.hasOwn(TASK_BASES, name);
}
