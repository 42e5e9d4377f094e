/**
 * Completes package-lock.json so that `npm ci` accepts it on every machine.
 *
 * A package with native parts names one optional package per platform. When a registry lacks some of them, `npm
 * install` silently leaves those out of the lock, and `npm ci` then stops with "Missing: ... from lock file". This adds
 * an entry for each of them that only fits the platform in its name, so that it is skipped everywhere else.
 *
 *   node tools/lockfile/complete-lockfile.mjs           writes the file (run it after every change of dependencies)
 *   node tools/lockfile/complete-lockfile.mjs --check   only reports; exit code 1 when something is wrong
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const REGISTRY = 'https://registry.npmjs.org/';

const OPERATING_SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];

/** How package names spell processors, and how npm does; the first that fits wins. */
const PROCESSORS = [
  [/arm64|aarch64/, 'arm64'],
  [/gnueabihf|musleabihf|\barm\b/, 'arm'],
  [/x64|x86_64/, 'x64'],
  [/ia32/, 'ia32'],
  [/loong64/, 'loong64'],
  [/mips64el/, 'mips64el'],
  [/ppc64/, 'ppc64'],
  [/riscv64/, 'riscv64'],
  [/s390x/, 's390x'],
  [/wasm32/, 'wasm32'],
];

/** Packages whose name does not tell their platform. */
const KNOWN_PLATFORMS = { fsevents: { os: ['darwin'] } };

/**
 * @param {string} name
 * @returns {{ os?: string[], cpu?: string[], libc?: string[] } | undefined} undefined when the name tells no platform
 */
export function platformOf(name) {
  if (Object.hasOwn(KNOWN_PLATFORMS, name)) return KNOWN_PLATFORMS[name];
  const bare = name.slice(name.lastIndexOf('/') + 1).replaceAll('windows', 'win32');
  const os = OPERATING_SYSTEMS.find((candidate) => bare.includes(candidate));
  const cpu = PROCESSORS.find(([pattern]) => pattern.test(bare))?.[1];
  const libc =
    os === 'linux' ? (/musl/.test(bare) ? 'musl' : /gnu/.test(bare) ? 'glibc' : undefined) : undefined;
  if (os === undefined && cpu !== 'wasm32') return undefined;
  return { ...(os && { os: [os] }), ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }) };
}

/**
 * Finds what the lock lacks and what does not belong in it. `lock` is not changed.
 *
 * @param {{ packages: Record<string, any> }} lock
 * @returns {{ stubs: Record<string, object>, problems: string[] }}
 */
export function inspectLock(lock) {
  /** @type {Record<string, object>} */
  const stubs = {};
  const problems = [];
  for (const [location, entry] of Object.entries(lock.packages)) {
    if (entry.resolved?.startsWith('http') && !entry.resolved.startsWith(REGISTRY)) {
      problems.push(
        `${location} comes from ${new URL(entry.resolved).host}, not from ${new URL(REGISTRY).host}.`,
      );
    }
    for (const [name, wanted] of Object.entries(entry.optionalDependencies ?? {})) {
      const version = wanted.replace(/^[~^]/, '');
      const found = lookUp({ ...lock.packages, ...stubs }, location, name);
      if (found !== undefined && (found.version === version || wanted !== version)) continue;
      const platform = platformOf(name);
      if (platform === undefined) {
        problems.push(
          `${name}@${wanted}, an optional part of ${location || 'this project'}, is missing, and its name tells no platform.`,
        );
        continue;
      }
      // One of another version sits at the top: this one belongs below the package that asks for it.
      const target = found === undefined ? `node_modules/${name}` : `${location}/node_modules/${name}`;
      stubs[target] = { version, ...(entry.dev && { dev: true }), optional: true, ...platform };
    }
  }
  return { stubs, problems };
}

/** Resolves a package as Node does: beside the one that asks, then further up. */
function lookUp(packages, location, name) {
  for (let base = location; ; base = base.slice(0, Math.max(0, base.lastIndexOf('node_modules/') - 1))) {
    const found = packages[base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`];
    if (found !== undefined) return found;
    if (base === '') return undefined;
  }
}

function sorted(packages) {
  const keys = Object.keys(packages).toSorted((a, b) => a.localeCompare(b, 'en'));
  return Object.fromEntries(keys.map((key) => [key, packages[key]]));
}

function main() {
  const path = new URL('../../package-lock.json', import.meta.url);
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  const { stubs, problems } = inspectLock(lock);
  const missing = Object.keys(stubs);
  if (process.argv.includes('--check')) {
    for (const target of missing) problems.push(`${target} is missing; run: npm run lockfile:complete`);
  } else if (missing.length > 0) {
    writeFileSync(
      path,
      `${JSON.stringify({ ...lock, packages: sorted({ ...lock.packages, ...stubs }) }, null, 2)}\n`,
    );
    console.log(`${missing.length} packages of other platforms added to package-lock.json.`);
  } else {
    console.log('package-lock.json is complete.');
  }
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
