import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SourceEdit } from './edit-source.ts';
import type { NewTaskOptions } from './new-task-options.ts';
import { NewTaskRefusedError } from './new-task.errors.ts';
import {
  baseOf,
  entrySource,
  handlerSource,
  moduleSource,
  paramsSource,
  specSource,
} from './task-sources.ts';
import { exportLine, importLine } from './statements.ts';
import { pascalCase, taskWords } from './task-words.ts';
import type { TaskWords } from './task-words.ts';

/** What a new task changes: paths relative to the root of the repository, with their whole content. */
export interface NewTaskPlan {
  readonly created: ReadonlyMap<string, string>;
  readonly changed: ReadonlyMap<string, string>;
}

const CATALOG = 'libs/task-base/src/catalog';
const TASK_INDEX = 'libs/task-base/src/index.ts';
const SAMPLES = 'libs/payload-schemas/src/samples/sample-messages.ts';
const PAYLOAD_INDEX = 'libs/payload-schemas/src/index.ts';

/**
 * Works out every file of a new task without writing any.
 *
 * @throws NewTaskRefusedError when something of that name exists, the app runs no tasks, or a file to be changed is not as expected
 */
export function planNewTask(root: string, options: NewTaskOptions): NewTaskPlan {
  const words = taskWords(options.name);
  const base = baseOf(options);
  const app = `apps/${options.app}/src`;
  const area = `${app}/${options.area}`;
  const moduleFile = `${area}/${options.area}.module.ts`;
  const hasModule = existsSync(join(root, moduleFile));
  refuseWhatExists(root, words);
  refuseAppWithoutTasks(root, options.app);

  const created = new Map([
    [`libs/payload-schemas/src/jobs/${words.file}.job.ts`, paramsSource(words, base)],
    [`${CATALOG}/${words.file}.ts`, entrySource(words, base, options.queue)],
    [`${area}/${words.file}.task.ts`, handlerSource(words, base)],
    [`${area}/${words.file}.spec.ts`, specSource(words, base)],
  ]);
  const changed = new Map([
    change(root, PAYLOAD_INDEX, (index) =>
      index.addFrom(exportLine([words.params], `./jobs/${words.file}.job.ts`), './jobs/'),
    ),
    change(root, SAMPLES, (samples) =>
      samples
        .addFrom(importLine([words.params], `../jobs/${words.file}.job.ts`), '../jobs/')
        .addItem(`[${words.params}, ${base.sample}]`, ')[] = ['),
    ),
    change(root, `${CATALOG}/task-catalog.ts`, (catalog) =>
      catalog
        .addFrom(importLine([words.entry], `./${words.file}.ts`), './')
        .addItem(words.entry, 'TASK_CATALOG = ['),
    ),
    change(root, TASK_INDEX, (index) =>
      index.addFrom(exportLine([words.entry], `./catalog/${words.file}.ts`), './catalog/'),
    ),
  ]);

  if (hasModule) {
    const [path, text] = change(root, moduleFile, (module) =>
      module
        .addFrom(importLine([words.handler], `./${words.file}.task.ts`), './')
        .addItem(words.handler, 'providers: ['),
    );
    changed.set(path, text);
  } else {
    const moduleName = `${pascalCase(options.area)}Module`;
    created.set(moduleFile, moduleSource(moduleName, words));
    const [path, text] = change(root, `${app}/app.module.ts`, (module) =>
      module
        .addFrom(importLine([moduleName], `./${options.area}/${options.area}.module.ts`), './')
        .addItem(moduleName, 'TaskWorkerModule.forRoot('),
    );
    changed.set(path, text);
  }

  for (const path of created.keys()) {
    if (existsSync(join(root, path))) throw new NewTaskRefusedError(`${path} exists already`);
  }
  return { created, changed };
}

function change(root: string, path: string, edit: (source: SourceEdit) => SourceEdit): [string, string] {
  return [path, edit(new SourceEdit(path, read(root, path))).result];
}

function refuseWhatExists(root: string, { name, params, entry }: TaskWords): void {
  const names = readdirSync(join(root, CATALOG)).filter((file) => file.endsWith('.ts'));
  const namesake = names.find((file) => read(root, `${CATALOG}/${file}`).includes(`name: '${name}'`));
  if (namesake !== undefined) {
    throw new NewTaskRefusedError(`there is a task '${name}' already: ${CATALOG}/${namesake}`);
  }
  for (const [index, word] of [
    [TASK_INDEX, entry],
    [PAYLOAD_INDEX, params],
  ] as const) {
    if (new RegExp(`\\b${word}\\b`).test(read(root, index))) {
      throw new NewTaskRefusedError(`${index} exports a ${word} already; name the task otherwise`);
    }
  }
}

function refuseAppWithoutTasks(root: string, app: string): void {
  const module = join(root, `apps/${app}/src/app.module.ts`);
  if (!existsSync(module) || !readFileSync(module, 'utf8').includes('TaskWorkerModule.forRoot(')) {
    throw new NewTaskRefusedError(
      `'${app}' is no app that runs tasks: its app.module.ts has no TaskWorkerModule`,
    );
  }
}

function read(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
