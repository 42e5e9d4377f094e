#!/usr/bin/env node
/**
 * Starts the command line. Written for any Node: it looks for the build and for a Node that can run it, which is the one among the
 * packages when the one on the PATH is too old.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const USAGE = 2;
const OLDEST_NODE = 22;

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const isNewEnough = Number(process.versions.node.split('.')[0]) >= OLDEST_NODE;

if (!existsSync(main)) {
  refuse('The command line is not built yet. Run `npm start`, or `npm run build`, in the repository.');
} else if (isNewEnough) {
  module.enableCompileCache?.();
  await import(pathToFileURL(main).href);
} else {
  const node = nodeAmongPackages(dirname(main));
  if (node === undefined) refuse(`Node ${OLDEST_NODE} or later is needed; this is ${process.version}.`);
  else handOver(node);
}

function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = USAGE;
}

function nodeAmongPackages(folder) {
  const candidate = join(folder, 'node_modules/.bin/node');
  if (existsSync(candidate)) return candidate;
  const parent = dirname(folder);
  return parent === folder ? undefined : nodeAmongPackages(parent);
}

function handOver(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the child decides when to end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => refuse(`${node} cannot be started: ${error.message}`));
  child.on('exit', (code) => (process.exitCode = code ?? 1));
}
