/** `npm run new:task -- <name> --queue <queue> …`: writes everything a new task needs, or nothing and says why. */
import { REPOSITORY_ROOT } from '@bus/testing';
import { NewTaskRefusedError } from './new-task.errors.ts';
import { USAGE, readOptions } from './new-task-options.ts';
import type { NewTaskOptions } from './new-task-options.ts';
import { planNewTask } from './plan-new-task.ts';
import type { NewTaskPlan } from './plan-new-task.ts';
import { baseOf } from './task-sources.ts';
import { writeNewTask } from './write-new-task.ts';

const args = process.argv.slice(2);

try {
  process.stdout.write(args.includes('--help') ? USAGE : newTask());
} catch (error) {
  if (!(error instanceof NewTaskRefusedError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function newTask(): string {
  const options = readOptions(args);
  const plan = planNewTask(REPOSITORY_ROOT, options);
  writeNewTask(REPOSITORY_ROOT, plan);
  return report(options, plan);
}

function report(options: NewTaskOptions, { created, changed }: NewTaskPlan): string {
  const [paramsFile, , handlerFile, specFile] = created.keys();
  const { todo } = baseOf(options);
  const steps = [
    `Give the parameters their fields: ${paramsFile}`,
    `Write the step that is left open: ${handlerFile}`,
    `Say what it does: ${specFile} goes red as soon as it does something.`,
    ...(todo === undefined ? [] : [todo]),
    'npm run build && npm run reference: the task appears in docs/asyncapi.yaml.',
    `npm test -- --project ${options.app}`,
  ];
  return [
    ...[...created.keys()].map((path) => `written  ${path}`),
    ...[...changed.keys()].map((path) => `changed  ${path}`),
    '',
    'What is left to do:',
    ...steps.map((step, index) => `${index + 1}. ${step}`),
    '',
  ].join('\n');
}
