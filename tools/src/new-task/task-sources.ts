import type { NewTaskOptions } from './new-task-options.ts';
import { importLine, typeImportLine } from './statements.ts';
import { TASK_BASES } from './task-bases.ts';
import type { TaskBase } from './task-bases.ts';
import type { TaskWords } from './task-words.ts';

/** The class of the parameters. */
export function paramsSource({ params, name }: TaskWords, { fields, rules }: TaskBase): string {
  return `${importLine(rules, '../rules/rules.ts')}
${importLine(['JOB_LIMITS'], '../validation/message-limits.ts')}

/** Parameters of \`${name}\`. */
export class ${params} {
  static readonly limits = JOB_LIMITS;
  ${fields}
}
`;
}

/** The catalog entry. */
export function entrySource({ entry, name, params }: TaskWords, base: TaskBase, queue: string): string {
  return `${importLine([params], '@bus/payload-schemas')}
${importLine(['defineTask'], '../tasks/define-task.ts')}

/** What \`${name}\` promises to those who enqueue it. */
export const ${entry} = defineTask({
  name: '${name}',
  queue: '${queue}',
  params: ${params},
  ${base.entry ?? ''}
});
`;
}

/** The handler. */
export function handlerSource(words: TaskWords, base: TaskBase): string {
  const { handler, params, entry } = words;
  const further = Object.entries(base.imports ?? {}).map(([path, names]) => `${importLine(names, path)}\n`);
  const names = [base.className, entry, 'Task', 'TaskNotWrittenError'].toSorted();
  const result = base.className === 'MaintenanceTask' ? ', BatchOutcome' : '';
  return `${further.join('')}${typeImportLine([params], '@bus/payload-schemas')}
${importLine(names, '@bus/task-base')}
${typeImportLine(base.typeImports, '@bus/task-base')}

/** How \`${words.name}\` is done, and what is left behind when it fails. */
@Task(${entry})
export class ${handler} extends ${base.className}<${params}${result}> {${base.methods(words)}
}
`;
}

/** Its spec: true from the first moment, and red as soon as the work is written, until it says what that does. */
export function specSource(words: TaskWords, base: TaskBase): string {
  const { name, file, handler, params, entry } = words;
  return `${importLine([params, 'validatePayload'], '@bus/payload-schemas')}
${importLine(['loadSettings'], '@bus/platform')}
${importLine([entry, 'TASK_CATALOG', 'handlersIn'], '@bus/task-base')}
${typeImportLine(['TaskContext'], '@bus/task-base')}
${importLine(['describe', 'expect', 'it'], 'vitest')}
${importLine(['AppModule'], '../app.module.ts')}
${importLine(['SECTIONS'], '../settings.ts')}
${importLine([handler], `./${file}.task.ts`)}

const params: ${params} = ${base.sample};

describe('${name}', () => {
  it('is in the catalog, and this app has the one handler', () => {
    expect(TASK_CATALOG).toContain(${entry});
    const app = AppModule.forRoot(loadSettings(SECTIONS, { DATABASE_URL: 'postgresql://localhost/bus' }));
    expect(handlersIn(app).get(${entry})).toEqual([${handler}]);
  });

  it('takes what it is meant for', () => {
    expect(validatePayload(${params}, params)).toEqual({ ok: true, value: params });
  });

  it.each([
${base.refused.map(([what, object]) => `    ['${what}', ${object}],`).join('\n')}
  ])('refuses %s', (_what, wrong) => {
    expect(validatePayload(${params}, wrong)).toMatchObject({ ok: false });
  });

  it('is final until it is written: replace this by what it does', async () => {
    const ctx = { taskName: '${name}', signal: new AbortController().signal, revoked: new AbortController().signal } as TaskContext;
    await expect(new ${handler}().run(params, ctx)).rejects.toMatchObject({
      code: 'TASK_NOT_WRITTEN',
      isRetryable: false,
    });
  });
});
`;
}

/** The module of a new area. */
export function moduleSource(moduleName: string, { handler, file, name }: TaskWords): string {
  return `${importLine(['Module'], '@nestjs/common')}
${importLine([handler], `./${file}.task.ts`)}

/** Everything about \`${name}\`. */
@Module({ providers: [${handler}] })
export class ${moduleName} {}
`;
}

export function baseOf({ base }: NewTaskOptions): TaskBase {
  return TASK_BASES[base];
}
