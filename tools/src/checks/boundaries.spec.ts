import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { findViolations } from './boundaries.ts';
import { readWorkspace, type Project } from './workspace.ts';

const workspaceRoot = path.resolve(import.meta.dirname, '../../..');

function project(overrides: Partial<Project> & Pick<Project, 'name'>): Project {
  return {
    root: overrides.name.replace('@bus/', 'libs/'),
    layer: 'bus',
    runtime: 'node',
    dependencies: new Set(),
    devDependencies: new Set(),
    references: new Set(),
    hasReferences: false,
    imports: [],
    environmentReads: [],
    ...overrides,
  };
}

const site = (specifier: string, file = 'libs/x/src/x.ts') => ({ file, line: 3, specifier });

describe('boundaries of the workspace', () => {
  it('hold in this tree', () => {
    const projects = readWorkspace(workspaceRoot);
    expect(projects.length).toBeGreaterThan(10);
    expect(projects.flatMap(({ imports }) => imports).length).toBeGreaterThan(100);
    expect(findViolations(projects)).toEqual([]);
  });

  it('refuse an arrow that looks up', () => {
    const platform = project({
      name: '@bus/platform',
      layer: 'platform',
      dependencies: new Set(['@bus/tasks']),
    });
    const violations = findViolations([platform, project({ name: '@bus/tasks' })]);
    expect(violations).toEqual([expect.stringContaining('layer:platform may not use layer:bus')]);
  });

  it('refuse two apps that meet', () => {
    const one = project({ name: '@bus/one', layer: 'app', dependencies: new Set(['@bus/two']) });
    const violations = findViolations([one, project({ name: '@bus/two', layer: 'app' })]);
    expect(violations).toEqual([expect.stringContaining('layer:app may not use layer:app')]);
  });

  it('refuse a cycle between projects', () => {
    const one = project({ name: '@bus/one', layer: 'tooling', dependencies: new Set(['@bus/two']) });
    const two = project({ name: '@bus/two', layer: 'tooling', dependencies: new Set(['@bus/one']) });
    expect(findViolations([one, two])).toEqual(['cycle between projects: @bus/one -> @bus/two -> @bus/one']);
  });

  it('refuse server code in the browser', () => {
    const web = project({
      name: '@bus/page',
      layer: 'app',
      runtime: 'web',
      dependencies: new Set(['@bus/tasks']),
    });
    const violations = findViolations([web, project({ name: '@bus/tasks' })]);
    expect(violations).toEqual([expect.stringContaining('may use only runtime:any')]);
  });

  it.each([
    ['an undeclared package', site('left-pad'), 'is not in the dependencies'],
    ['a client library outside its wrapper', site('bullmq'), 'only @bus/task-base may import bullmq'],
    ['a path into another project', site('@bus/tasks/src/inside.ts'), 'not its inside'],
  ])('refuse %s', (_title, imported, message) => {
    const tasks = project({ name: '@bus/tasks' });
    const offender = project({
      name: '@bus/x',
      layer: 'app',
      dependencies: new Set(['bullmq', '@bus/tasks']),
      imports: [imported],
    });
    expect(findViolations([offender, tasks])).toEqual([expect.stringContaining(message)]);
  });

  it('refuse shipped code that reads the environment itself', () => {
    const offender = project({ name: '@bus/x', environmentReads: [{ file: 'libs/x/src/x.ts', line: 9 }] });
    expect(findViolations([offender])).toEqual([expect.stringContaining('libs/x/src/x.ts:9')]);
  });

  it('let a spec use the real-backend fixtures', () => {
    const fixtures = project({ name: '@bus/testing', layer: 'tooling' });
    const user = project({
      name: '@bus/x',
      devDependencies: new Set(['@bus/testing']),
      imports: [site('@bus/testing', 'libs/x/src/x.spec.ts')],
    });
    expect(findViolations([user, fixtures])).toEqual([]);
  });

  it('refuse the fixtures in shipped code', () => {
    const fixtures = project({ name: '@bus/testing', layer: 'tooling' });
    const user = project({
      name: '@bus/x',
      dependencies: new Set(['@bus/testing']),
      imports: [site('@bus/testing')],
    });
    expect(findViolations([user, fixtures])).toContainEqual(
      expect.stringContaining('may not use layer:tooling'),
    );
  });
});
