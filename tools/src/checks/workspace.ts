import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { LAYERS, RUNTIMES, type Layer, type Runtime } from './workspace-rules.ts';

/** One `import`, `export … from` or `import()` of a source file. */
export interface ImportSite {
  readonly file: string;
  readonly line: number;
  readonly specifier: string;
}

/** What the boundary check needs to know of one project, as read from its files. */
export interface Project {
  readonly name: string;
  readonly root: string;
  readonly layer: Layer | undefined;
  readonly runtime: Runtime | undefined;
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
  /** Folder names of the referenced projects, relative to the workspace root. */
  readonly references: ReadonlySet<string>;
  readonly hasReferences: boolean;
  readonly imports: readonly ImportSite[];
  readonly environmentReads: readonly { file: string; line: number }[];
}

const IMPORT = /(?:^|[\s;}])(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g;
const ENVIRONMENT = /\bprocess\.env\b/;

/** True for files that are not shipped: specs and their fixtures. */
export function isTestFile(file: string): boolean {
  return (
    /\.spec\.tsx?$/.test(file) ||
    /\.fixture\.tsx?$/.test(file) ||
    file.includes('/fixtures/') ||
    file.includes('/spec-support/')
  );
}

/** Reads every project named by the root `workspaces` globs. */
export function readWorkspace(workspaceRoot: string): Project[] {
  const root = JSON.parse(readFileSync(path.join(workspaceRoot, 'package.json'), 'utf8')) as {
    workspaces: string[];
  };
  return root.workspaces
    .flatMap((pattern) => globSync(pattern, { cwd: workspaceRoot }))
    .filter((folder) => existsSync(path.join(workspaceRoot, folder, 'package.json')))
    .toSorted((left, right) => left.localeCompare(right))
    .map((folder) => readProject(workspaceRoot, folder));
}

interface PackageManifest {
  name: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  nx?: { tags?: string[] };
}

function readProject(workspaceRoot: string, folder: string): Project {
  const root = path.join(workspaceRoot, folder);
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as PackageManifest;
  const tags = manifest.nx?.tags ?? [];
  const tsconfig = JSON.parse(readFileSync(path.join(root, 'tsconfig.json'), 'utf8')) as {
    references?: { path: string }[];
  };
  const files = globSync('src/**/*.{ts,tsx}', { cwd: root }).toSorted();
  const sources = files.map((file) => ({
    file: `${folder}/${file}`,
    lines: readFileSync(path.join(root, file), 'utf8').split('\n'),
  }));
  return {
    name: manifest.name,
    root: folder,
    layer: LAYERS.find((layer) => tags.includes(`layer:${layer}`)),
    runtime: RUNTIMES.find((runtime) => tags.includes(`runtime:${runtime}`)),
    dependencies: new Set(Object.keys(manifest.dependencies ?? {})),
    devDependencies: new Set(Object.keys(manifest.devDependencies ?? {})),
    references: new Set(
      (tsconfig.references ?? []).map(({ path: target }) =>
        path.relative(workspaceRoot, path.resolve(root, target)),
      ),
    ),
    hasReferences: tsconfig.references !== undefined,
    imports: sources.flatMap(({ file, lines }) => importsOf(file, lines)),
    environmentReads: sources.flatMap(({ file, lines }) =>
      lines.flatMap((text, index) =>
        ENVIRONMENT.test(text) && !/^\s*(\/\/|\*|\/\*)/.test(text) ? [{ file, line: index + 1 }] : [],
      ),
    ),
  };
}

function importsOf(file: string, lines: readonly string[]): ImportSite[] {
  return lines.flatMap((text, index) =>
    /^\s*(\/\/|\*)/.test(text)
      ? []
      : [...text.matchAll(IMPORT)].map((match) => ({ file, line: index + 1, specifier: match[2]! })),
  );
}
