/** `npm run reference [-- --check]`: writes every generated file, or names those that are out of date. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { renderReferenceFiles } from './reference-files.ts';

const workspaceRoot = path.resolve(import.meta.dirname, '../../..');
const isCheck = process.argv.includes('--check');
const stale: string[] = [];

for (const [file, content] of Object.entries(await renderReferenceFiles(workspaceRoot))) {
  const target = path.join(workspaceRoot, file);
  if (existsSync(target) && readFileSync(target, 'utf8') === content) continue;
  stale.push(file);
  if (isCheck) continue;
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, content);
}

if (isCheck && stale.length > 0) {
  process.stderr.write(
    `Out of date: ${stale.join(', ')}. Run \`npm run reference\` and commit the result.\n`,
  );
  process.exit(1);
}
process.stdout.write(
  stale.length === 0 ? 'reference files are up to date\n' : `written: ${stale.join(', ')}\n`,
);
