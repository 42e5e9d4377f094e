import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { removeTemporaryDirectory } from '@bus/testing';
import * as taskBase from '@bus/task-base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewTaskOptions } from './new-task-options.ts';
import { planNewTask } from './plan-new-task.ts';
import type { NewTaskPlan } from './plan-new-task.ts';
import { copyRepository } from './repository-copy.fixture.ts';
import { TASK_BASES } from './task-bases.ts';
import type { TaskBaseName } from './task-bases.ts';
import { writeNewTask } from './write-new-task.ts';

const LONG_MS = 300_000;
const run = promisify(execFile);

/** One task of each kind, each in an area of its own but the last two, which share one that is there already. */
const bases = (Object.keys(TASK_BASES) as TaskBaseName[]).filter(
  (base) => TASK_BASES[base].className in taskBase,
);
const tasks = bases.map((base): NewTaskOptions => ({
  name: `try_${base}`,
  queue: 'default',
  base,
  app: 'task-worker',
  area: base === 'plain' ? 'alerts' : `try-${base}`,
}));

describe('generated tasks', () => {
  let root: string;
  const written: NewTaskPlan[] = [];
  const command = (name: string, ...args: string[]) =>
    run(join(root, 'node_modules/.bin', name), args, { cwd: root, env: { PATH: process.env['PATH'] } });
  const paths = () => written.flatMap(({ created, changed }) => [...created.keys(), ...changed.keys()]);
  const specs = () => paths().filter((path) => path.endsWith('.spec.ts'));

  beforeAll(() => {
    root = copyRepository('task-worker');
    for (const options of tasks) {
      const plan = planNewTask(root, options);
      writeNewTask(root, plan);
      written.push(plan);
    }
  }, LONG_MS);
  afterAll(() => removeTemporaryDirectory(root));

  it('go into the module of their area when there is one', () => {
    expect(readFileSync(join(root, 'apps/task-worker/src/alerts/alerts.module.ts'), 'utf8')).toMatch(
      /providers: \[.*ProcessDeviceAlert, TryPlain\]/,
    );
  });

  it(
    'compile, and are as they should be for the formatter and the linter',
    { timeout: LONG_MS },
    async () => {
      await command('tsc', '-b', 'apps/task-worker');
      await command('prettier', '--check', ...paths());
      await command('oxlint', '--type-aware', ...paths());
    },
  );

  it('come with specs that pass', { timeout: LONG_MS }, async () => {
    const { stdout } = await command('vitest', 'run', '--root', '.', '--project', 'task-worker', ...specs());
    const report = stripVTControlCharacters(stdout);
    expect(report).toMatch(new RegExp(`Test Files +${tasks.length} passed`));
    expect(report).not.toMatch(/failed|skipped/);
  });

  it('are refused a second time', () => {
    for (const options of tasks) {
      expect(() => planNewTask(root, options)).toThrow(`there is a task '${options.name}' already`);
    }
  });
});
