import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/**
 * Packages resolve to their TypeScript sources, so tests never run against a stale build. `import` must not be named:
 * Vitest hands the list to Node, where it would make `require()` inside CommonJS packages such as pg load ES modules.
 */
const conditions = ['@bus/source', 'node'];

/** Journeys across processes share the machine's cores and ports, so they run one file at a time. */
const serialProjects = new Set(['e2e']);

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
    projects: projectRoots.map(({ name, root }) => ({
      root,
      resolve: { conditions },
      ssr: { resolve: { conditions, externalConditions: conditions }, noExternal: [/^@bus\//] },
      test: {
        name,
        include: ['src/**/*.spec.{ts,tsx}'],
        setupFiles: name === 'noc-dashboard' ? [] : ['reflect-metadata'],
        globalSetup: existsSync('libs/testing/src/vitest/shared-backends.ts')
          ? ['../'.repeat(root.split('/').length) + 'libs/testing/src/vitest/shared-backends.ts']
          : [],
        testTimeout: 30_000,
        hookTimeout: 60_000,
        fileParallelism: !serialProjects.has(name),
        maxWorkers: 2,
      },
    })),
  },
});
