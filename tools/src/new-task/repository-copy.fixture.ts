import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { REPOSITORY_ROOT, createTemporaryDirectory } from '@bus/testing';

/** What stays behind: what a build or an installation makes. */
const LEFT_OUT = new Set(['node_modules', 'dist']);

/** The libraries and one app of this repository, in a place of their own, with the installed packages but their own sources. */
export function copyRepository(app: string): string {
  const copy = createTemporaryDirectory('new-task-spec');
  for (const path of ['libs', `apps/${app}`, ...rootFiles()]) {
    cpSync(join(REPOSITORY_ROOT, path), join(copy, path), {
      recursive: true,
      filter: (source) => !LEFT_OUT.has(basename(source)),
    });
  }
  const packages = join(REPOSITORY_ROOT, 'node_modules');
  mkdirSync(join(copy, 'node_modules/@bus'), { recursive: true });
  for (const name of readdirSync(packages).filter((entry) => entry !== '@bus')) {
    symlinkSync(join(packages, name), join(copy, 'node_modules', name));
  }
  for (const name of readdirSync(join(copy, 'libs'))) {
    symlinkSync(join(copy, 'libs', name), join(copy, 'node_modules/@bus', name));
  }
  return copy;
}

/** Settings of the compiler, the linter, the formatter and the test runner. */
function rootFiles(): string[] {
  return readdirSync(REPOSITORY_ROOT, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}
