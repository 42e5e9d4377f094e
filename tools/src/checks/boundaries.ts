import { builtinModules } from 'node:module';

import {
  ALLOWED_LAYERS,
  ENVIRONMENT_READERS,
  OWNED_PACKAGES,
  SAME_LAYER_ARROWS,
  UNSHIPPED_LAYERS,
} from './workspace-rules.ts';
import { isTestFile, type ImportSite, type Project } from './workspace.ts';

const SCOPE = '@bus/';
const builtins = new Set(builtinModules);

/**
 * Holds manifests, references and imports against the rules of `workspace-rules.ts`.
 * @returns one sentence per violation, with the place and the way to mend it; empty when the tree is sound.
 */
export function findViolations(projects: readonly Project[]): string[] {
  const byName = new Map(projects.map((project) => [project.name, project]));
  return [
    ...projects.flatMap((project) => [
      ...tagViolations(project),
      ...manifestViolations(project, byName),
      ...project.imports.flatMap((site) => importViolations(project, site, byName)),
      ...environmentViolations(project),
    ]),
    ...cycles(projects, byName),
  ];
}

function tagViolations(project: Project): string[] {
  const missing = [...(project.layer ? [] : ['layer:…']), ...(project.runtime ? [] : ['runtime:…'])];
  return missing.map((tag) => `${project.root}/package.json: add the tag "${tag}" to nx.tags`);
}

/** Declared dependencies must be allowed arrows, and the compiler must know the same arrows. */
function manifestViolations(project: Project, byName: ReadonlyMap<string, Project>): string[] {
  const violations: string[] = [];
  for (const name of [...project.dependencies, ...project.devDependencies].filter((it) =>
    it.startsWith(SCOPE),
  )) {
    const target = byName.get(name);
    if (!target) {
      violations.push(`${project.root}/package.json: ${name} is no project of this workspace`);
      continue;
    }
    const shipped = project.dependencies.has(name);
    const wrong = arrowProblem(project, target, shipped);
    if (wrong) violations.push(`${project.root}/package.json: ${wrong}`);
    if (project.hasReferences && target.hasReferences && !project.references.has(target.root)) {
      violations.push(
        `${project.root}/tsconfig.json: add a reference to ${target.root}, which package.json names`,
      );
    }
  }
  for (const reference of project.references) {
    const target = [...byName.values()].find((candidate) => candidate.root === reference);
    if (target && !project.dependencies.has(target.name) && !project.devDependencies.has(target.name)) {
      violations.push(
        `${project.root}/tsconfig.json: drop the reference to ${reference}, or name it in package.json`,
      );
    }
  }
  return violations;
}

function arrowProblem(from: Project, to: Project, shipped: boolean): string | undefined {
  if (!from.layer || !to.layer) return undefined;
  if (from.runtime === 'web' && to.runtime !== 'any') {
    return `${from.name} runs in a browser and may use only runtime:any projects, not ${to.name}`;
  }
  if (from.runtime === 'any' && to.runtime !== 'any') {
    return `${from.name} is runtime:any and may not use ${to.name} (runtime:${to.runtime})`;
  }
  if (to.layer === 'tooling' && !shipped) return undefined;
  if (ALLOWED_LAYERS[from.layer].includes(to.layer)) return undefined;
  if (SAME_LAYER_ARROWS[from.name]?.includes(to.name)) return undefined;
  return `layer:${from.layer} may not use layer:${to.layer}: ${from.name} -> ${to.name}`;
}

function importViolations(
  project: Project,
  site: ImportSite,
  byName: ReadonlyMap<string, Project>,
): string[] {
  const { specifier } = site;
  const at = `${site.file}:${site.line}`;
  if (specifier.startsWith('.')) return [];
  if (specifier.startsWith('node:') || builtins.has(specifier)) {
    return project.runtime === 'node' || isTestFile(site.file)
      ? []
      : [`${at}: ${specifier} exists only in Node; ${project.name} is runtime:${project.runtime}`];
  }
  const name = packageName(specifier);
  const violations: string[] = [];
  if (name.startsWith(SCOPE) && specifier !== name) {
    violations.push(
      `${at}: import ${name}, not its inside (${specifier}); export what you need from its index`,
    );
  }
  const inTest = isTestFile(site.file);
  if (!project.dependencies.has(name) && !(inTest && isAvailableToTests(project, name))) {
    const kind = inTest ? 'devDependencies' : 'dependencies';
    violations.push(`${at}: ${name} is not in the ${kind} of ${project.root}/package.json`);
  }
  const target = byName.get(name);
  const wrong = target && arrowProblem(project, target, !inTest);
  if (wrong) violations.push(`${at}: ${wrong}`);
  const owners = OWNED_PACKAGES[name];
  const mayReachBehind = inTest || (project.layer && UNSHIPPED_LAYERS.includes(project.layer));
  if (owners && !owners.includes(project.name) && !mayReachBehind) {
    violations.push(`${at}: only ${owners.join(' and ')} may import ${name}; use that project's exports`);
  }
  return violations;
}

/** Tests may use what the workspace root offers every test. */
function isAvailableToTests(project: Project, name: string): boolean {
  return project.devDependencies.has(name) || name === 'vitest';
}

function environmentViolations(project: Project): string[] {
  if (ENVIRONMENT_READERS.includes(project.name) || project.layer === 'tooling' || project.runtime === 'web')
    return [];
  return project.environmentReads
    .filter(({ file }) => !isTestFile(file))
    .map(
      ({ file, line }) =>
        `${file}:${line}: read settings through loadSettings of @bus/platform, not process.env`,
    );
}

function packageName(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
}

/** Cycles between projects over shipped dependencies, each reported once. */
function cycles(projects: readonly Project[], byName: ReadonlyMap<string, Project>): string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (project: Project, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(project.name);
    if (seenAt >= 0) {
      const members = trail.slice(seenAt);
      const smallest = members.indexOf(members.toSorted()[0]!);
      const rotated = [...members.slice(smallest), ...members.slice(0, smallest)];
      found.add(`cycle between projects: ${[...rotated, rotated[0]].join(' -> ')}`);
      return;
    }
    if (done.has(project.name)) return;
    for (const name of project.dependencies) {
      const target = byName.get(name);
      if (target) visit(target, [...trail, project.name]);
    }
    done.add(project.name);
  };
  for (const project of projects) visit(project, []);
  return [...found];
}
