import { existsSync, readdirSync } from 'node:fs';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/**
 * Packages resolve to their TypeScript sources, so tests never run against a stale build. `import` must not be named:
 * Vitest hands the list to Node, where it would make `require()` inside CommonJS packages such as pg load ES modules.
 */
const conditions = ['@bus/source', 'node'];

/** Journeys across processes share the machine's cores and ports, so they run one file at a time. */
const serialProjects = new Set(['e2e']);

/** Integration specs of task-base about one particular server, which they start, fill or kill themselves. */
const singleServerSpecs = [
  'src/client/full-redis.integration.spec.ts',
  'src/client/task-client-outage.integration.spec.ts',
  'src/runner/fetch-behind-wait.integration.spec.ts',
  'src/runner/task-workers-outage.integration.spec.ts',
  'src/schedules/scheduled-jobs.integration.spec.ts',
];

const projectRoots = [
  ...['libs', 'apps'].flatMap((group) =>
    readdirSync(group).map((name) => ({ name, root: `${group}/${name}` })),
  ),
  { name: 'tools', root: 'tools' },
  { name: 'e2e', root: 'e2e' },
  { name: 'examples', root: 'docs/examples' },
].filter(({ root }) => existsSync(`${root}/package.json`));

export default defineConfig({
  test: {
    projects: [
      ...projectRoots.map(({ name, root }) =>
        project(root, {
          name,
          include: ['src/**/*.spec.{ts,tsx}'],
          setupFiles: name === 'noc-dashboard' ? [] : ['reflect-metadata'],
          globalSetup: globalSetups(root, 'shared-backends.ts'),
          fileParallelism: !serialProjects.has(name),
        }),
      ),
      // The same specs on a Redis Cluster of three nodes. They share it, so they run one file at a time.
      project('libs/task-base', {
        name: 'task-base-cluster',
        include: ['src/**/*.integration.spec.ts'],
        exclude: singleServerSpecs,
        setupFiles: ['reflect-metadata'],
        globalSetup: globalSetups('libs/task-base', 'shared-backends.ts', 'cluster-backends.ts'),
        fileParallelism: false,
      }),
    ],
  },
});

function project(
  root: string,
  test: NonNullable<TestProjectInlineConfiguration['test']>,
): TestProjectInlineConfiguration {
  return {
    root,
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions }, noExternal: [/^@bus\//] },
    test: { testTimeout: 30_000, hookTimeout: 60_000, maxWorkers: 2, ...test },
  };
}

/** Paths from the root of a project to global setups of libs/testing, which an image for one app may lack. */
function globalSetups(root: string, ...files: string[]): string[] {
  return files
    .map((file) => `libs/testing/src/vitest/${file}`)
    .filter((path) => existsSync(path))
    .map((path) => '../'.repeat(root.split('/').length) + path);
}
