import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as taskBase from '@bus/task-base';
import { REPOSITORY_ROOT } from '@bus/testing';
import { describe, expect, it } from 'vitest';

const read = (path: string) => readFileSync(join(REPOSITORY_ROOT, path), 'utf8');
const guide = read('docs/guides/tasks.md');

/** The first column of the table below a heading. */
function firstColumn(heading: string): string[] {
  const [, section = ''] = guide.split(`## ${heading}\n`);
  const rows = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) => /^\| `(\w+)/.exec(row)?.[1] ?? row);
}

describe('the guide to tasks', () => {
  const blocks = [...guide.matchAll(/```ts file=(\S+)\n([\s\S]*?)```/g)];

  it('has examples', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(6);
  });

  it.each(blocks.map(([, file = '', code = '']) => ({ file, code })))(
    'shows $file as it is',
    ({ file, code }) => {
      expect(read(file)).toContain(code);
    },
  );

  it('explains the chain link by link, in its order', () => {
    const [, list = ''] =
      /return \[\n([\s\S]*?)\n {2}\];/.exec(read('libs/task-base/src/chain/task-chain.ts')) ?? [];
    const links = list.split('\n').map((line) => /^ *(\w+)/.exec(line)?.[1]);
    expect(firstColumn('What happens around a handler')).toEqual(links);
  });

  it('knows every base class, and no other', () => {
    const classes = Object.keys(taskBase).filter((name) => /^[A-Z].*[a-z]Task$/.test(name));
    expect(
      firstColumn('Base classes')
        .filter((name) => name.endsWith('Task'))
        .toSorted(),
    ).toEqual(classes.toSorted());
  });
});

it('the examples compile', { timeout: 300_000 }, async () => {
  const tsc = join(REPOSITORY_ROOT, 'node_modules/.bin/tsc');
  await promisify(execFile)(tsc, ['-p', 'docs/examples'], { cwd: REPOSITORY_ROOT });
});
