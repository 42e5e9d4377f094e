/**
 * The door of `npm start`, `npm test`, `npm run bench`, `npm run check` and `npm run new:task`. It turns a fresh clone into
 * a running one: installs what the machine lacks, installs the packages, builds, and hands over. Plain JavaScript without
 * packages, because on a fresh clone there are none; it runs on Node 20, what it starts runs on the Node 24 among them.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LOCK_FILE = join(ROOT, '.data', 'bootstrap.lock');
const NPM = npmAbove();
const STAMP_FILE = join(ROOT, 'node_modules', '.bus-install-stamp');

/** What each command needs of the machine, which projects need not be built for it, and where it goes on. */
const COMMANDS = {
  start: {
    programs: ['redis-server', 'mosquitto', 'mosquitto_pub', 'postgres', 'openssl'],
    skips: ['e2e', 'bench'],
    main: 'tools/dist/start/main.js',
  },
  test: {
    programs: ['redis-server', 'mosquitto', 'postgres', 'openssl', 'chromium'],
    skips: [],
    main: 'tools/dist/test/main.js',
  },
  bench: {
    programs: ['redis-server', 'mosquitto', 'postgres', 'openssl'],
    skips: [],
    main: 'bench/dist/main.js',
  },
  check: {
    programs: ['redis-server', 'mosquitto', 'postgres', 'openssl', 'chromium'],
    skips: [],
    main: 'tools/dist/check/main.js',
  },
  'new:task': {
    programs: [],
    skips: ['e2e', 'bench', 'noc-dashboard'],
    main: 'tools/dist/new-task/main.js',
  },
};

/** The Debian package of each program, and the variables that name a server to use in its place (`start` only). */
const PROGRAMS = {
  'redis-server': { package: 'redis-server', insteadOf: ['REDIS_URL'] },
  mosquitto: { package: 'mosquitto', insteadOf: ['MQTT_BROKER_ADDRESS'] },
  mosquitto_pub: { package: 'mosquitto-clients', insteadOf: ['MQTT_BROKER_ADDRESS'] },
  postgres: { package: 'postgresql', insteadOf: ['DATABASE_URL'] },
  openssl: { package: 'openssl', insteadOf: ['MQTT_BROKER_ADDRESS'] },
  chromium: { package: 'chromium', insteadOf: [] },
};

/** Ends with a message for people instead of a stack. */
class Refusal extends Error {}

async function main() {
  const [name, ...args] = process.argv.slice(2);
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new Refusal(`Usage: node tools/bootstrap.mjs ${Object.keys(COMMANDS).join('|')} [options]`);
  }
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new Refusal(
      `Node 20 or later is needed; this is ${process.version}. See https://nodejs.org/en/download`,
    );
  }
  const release = await takeTurn();
  try {
    const isStaticCheck = name === 'check' && args.includes('--static');
    await installPrograms(name, isStaticCheck ? [] : command.programs);
    await installPackages();
    await build(name, command.skips);
  } finally {
    release();
  }
  if (hasNpmGone()) throw new Refusal('Interrupted.');
  process.exitCode = await handOver(join(ROOT, command.main), args);
}

// --- Programs ------------------------------------------------------------------------------------------------------

async function installPrograms(command, programs) {
  const missing = programs.filter((program) => {
    const replaced =
      command === 'start' && PROGRAMS[program].insteadOf.some((variable) => process.env[variable]);
    return !replaced && !isInstalled(program);
  });
  if (missing.length === 0) return;

  const packages = [...new Set(missing.map((program) => PROGRAMS[program].package))];
  const line = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo'];
  if (!existsSync('/etc/debian_version') || !onPath('apt-get')) {
    throw new Refusal(
      `Missing: ${missing.join(', ')}. This is not a Debian system, so install them yourself and run this again. ` +
        `On Debian it would be:\n  sudo ${line}`,
    );
  }
  if (asRoot.length > 0 && !onPath('sudo')) {
    throw new Refusal(`Missing: ${missing.join(', ')}. Run this as root, then start again:\n  ${line}`);
  }
  if (asRoot.length > 0 && !process.stdin.isTTY && spawnSync('sudo', ['-n', 'true']).status !== 0) {
    throw new Refusal(
      `Missing: ${missing.join(', ')}. sudo asks for a password here. Run this, then start again:\n  sudo ${line}`,
    );
  }
  await step(`Installing ${packages.join(', ')} with apt-get`, async () => {
    const { code, output } = await run([
      ...asRoot,
      '/bin/sh',
      '-c',
      installScript(line),
      'install',
      ...packages,
    ]);
    if (code !== 0) {
      throw new Refusal(
        `${lastLines(output)}\nInstalling failed (see above). Run this, then start again:\n  ${asRoot.join('')} ${line}`.trim(),
      );
    }
  });
  const stillMissing = missing.filter((program) => !isInstalled(program));
  if (stillMissing.length > 0) {
    throw new Refusal(
      `${stillMissing.join(', ')} cannot be found although the package is installed. Add its folder to PATH.`,
    );
  }
}

/**
 * Debian starts a server when its package is installed. Ours are private ones, so that is held off: by policy while
 * the packages are unpacked, and by switching the new units off afterwards where a policy of the machine's own allowed
 * them. The policy file ends its own effect with this process, should it be left behind.
 */
function installScript(line) {
  return `
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
      trap 'rm -f "$policy"' EXIT
      trap 'exit 130' INT TERM HUP
      printf '#!/bin/sh\\n# Made while message-bus installs packages; without effect afterwards.\\n[ -d /proc/%s ] && exit 101\\nexit 0\\n' $$ > "$policy"
      chmod 755 "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update || echo 'The package lists could not be refreshed; trying with those at hand.'
    ${line} -o DPkg::Lock::Timeout=120 || exit 1
    if [ -d /run/systemd/system ]; then
      for package in "$@"; do
        for unit in $(dpkg -L "$package" | sed -n 's|.*/systemd/system/\\([a-z-]*\\.service\\)$|\\1|p'); do
          systemctl disable --now "$unit"
        done
      done
    fi
    exit 0
  `;
}

function isInstalled(program) {
  if (program !== 'postgres') return onPath(program);
  return onPath(program) || postgresFolders().some((folder) => isExecutable(join(folder, program)));
}

function onPath(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && isExecutable(join(folder, program)));
}

function postgresFolders() {
  const root = '/usr/lib/postgresql';
  return existsSync(root) ? readdirSync(root).map((version) => join(root, version, 'bin')) : [];
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// --- Packages ------------------------------------------------------------------------------------------------------

async function installPackages() {
  const lockText = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  const stamp = createHash('sha256')
    .update(lockText)
    .update(process.platform)
    .update(process.arch)
    .digest('hex');
  if (readIfThere(STAMP_FILE) === stamp) return;
  if (!isTreeAsLocked(JSON.parse(lockText))) {
    await step('Installing packages with npm ci (about a minute the first time)', async () => {
      const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
      const { code, output } = await run([...npm, 'ci', '--no-audit', '--no-fund', '--loglevel=error']);
      if (code !== 0) {
        throw new Refusal(
          `${lastLines(output)}\nnpm ci failed (see above). Is the registry reachable ("npm ping")? ` +
            'If the lock is said to be out of step: npm install && npm run lockfile:complete',
        );
      }
    });
  }
  writeFileSync(STAMP_FILE, stamp);
}

/** True when what is installed is what the lock says, whoever installed it; npm keeps its own account of that. */
function isTreeAsLocked(lock) {
  const account = readIfThere(join(ROOT, 'node_modules', '.package-lock.json'));
  if (account === undefined) return false;
  const installed = JSON.parse(account).packages;
  return Object.entries(lock.packages).every(([location, wanted]) => {
    if (!location.includes('node_modules/') || wanted.optional) return true;
    const found = installed[location];
    return (
      found !== undefined && found.version === wanted.version && Boolean(found.link) === Boolean(wanted.link)
    );
  });
}

// --- Build ---------------------------------------------------------------------------------------------------------

async function build(command, skips) {
  const stampFile = join(ROOT, '.data', `build-${command}.stamp`);
  const projects = projectFolders().filter((folder) => !skips.includes(basename(folder)));
  const isWhole = projects.every((folder) =>
    BUILT_FILES.some((file) => existsSync(join(folder, 'dist', file))),
  );
  if (isWhole && readIfThere(stampFile) === stampOfSources(projects)) return;
  await step('Building', async () => {
    const nx = join(ROOT, 'node_modules/nx');
    const script = join(nx, JSON.parse(readFileSync(join(nx, 'package.json'), 'utf8')).bin.nx);
    const { code, output } = await run(
      [
        node(),
        script,
        'run-many',
        '-t',
        'build',
        `--exclude=${skips.map((name) => `@bus/${name}`).join(',')}`,
        '--outputStyle=static',
      ],
      { NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_TUI: 'false' },
    );
    if (code !== 0) throw new Refusal(`${lastLines(output, 60)}\nThe build failed (see above).`);
  });
  writeFileSync(stampFile, stampOfSources(projects));
}

/** Each project leaves one of these in its dist/. */
const BUILT_FILES = ['index.js', 'main.js', 'index.html'];

/** The projects that are built, as the workspaces of package.json name them. */
function projectFolders() {
  const { workspaces } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return workspaces
    .flatMap((pattern) => {
      const folder = join(ROOT, pattern.replace(/\/\*$/, ''));
      return pattern.endsWith('/*') ? readdirSync(folder).map((name) => join(folder, name)) : [folder];
    })
    .filter((folder) => existsSync(join(folder, 'package.json')));
}

/**
 * Name, size and time of everything a build reads. Nx would find out by itself that nothing has changed, but takes a
 * second or more for it at every start.
 */
function stampOfSources(folders) {
  const hash = createHash('sha256');
  const add = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  };
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isFile()) add(path);
      else if (entry.isDirectory() && !['node_modules', 'dist'].includes(entry.name)) walk(path);
    }
  };
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.base.json', 'nx.json'])
    add(join(ROOT, name));
  for (const folder of folders) walk(folder);
  return hash.digest('hex');
}

/** The Node among the packages, whichever npm would pick; elsewhere than on Linux the one at hand must be new enough. */
function node() {
  const own = join(ROOT, 'node_modules', '.bin', 'node');
  if (isExecutable(own)) return own;
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  throw new Refusal(
    `No Node for ${process.platform} ${process.arch} comes with the packages; install Node 22 or later (this is ${process.version}).`,
  );
}

// --- Hand over -----------------------------------------------------------------------------------------------------

/** Runs the command in this terminal and resolves with its exit code. Should this process die, the channel closes and tells it. */
function handOver(script, args) {
  const path = `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`;
  const child = spawn(node(), ['--enable-source-maps', script, ...args], {
    cwd: ROOT,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PATH: path },
  });
  // The child stops in order, and this waits for that.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const watch = setInterval(() => {
    if (!hasNpmGone()) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 250);
  watch.unref();
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Refusal(`Cannot run ${script}: ${error.message}`)));
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

/**
 * The npm that started this, directly or through a shell. A signal meant for npm alone may end it without coming
 * further, so its going away is taken for the wish to stop. Undefined without npm, and where it cannot be told.
 */
function npmAbove() {
  if (process.env.npm_lifecycle_event === undefined || process.platform !== 'linux') return undefined;
  let pid = process.ppid;
  for (let level = 0; level < 2 && pid > 1; level += 1) {
    const isNpm = /^npm[ \0]|npm-cli\.js/.test(readIfThere(`/proc/${pid}/cmdline`) ?? '');
    if (isNpm) return identityOf(pid);
    pid = Number(statusOf(pid)?.[1] ?? 0);
  }
  return undefined;
}

function hasNpmGone() {
  return NPM !== undefined && identityOf(Number(NPM.split(' ')[0])) !== NPM;
}

// --- One at a time -------------------------------------------------------------------------------------------------

/** `npm start` and `npm test` may be called side by side on a fresh clone: one installs and builds, the other waits. */
async function takeTurn() {
  mkdirSync(join(ROOT, '.data'), { recursive: true, mode: 0o711 });
  let hasSaid = false;
  for (;;) {
    try {
      writeFileSync(LOCK_FILE, identityOf(process.pid), { flag: 'wx' });
      const release = () => rmSync(LOCK_FILE, { force: true });
      process.once('exit', release);
      return release;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = readIfThere(LOCK_FILE) ?? '';
    const pid = Number(owner.split(' ')[0]);
    // An empty file is one that is being written this very moment, or was left by a full disk.
    if (owner === '' ? hasSaid : identityOf(pid) !== owner) {
      rmSync(LOCK_FILE, { force: true });
      continue;
    }
    if (!hasSaid && pid > 0)
      process.stdout.write(`  Waiting for process ${pid}, which installs or builds here.\n`);
    hasSaid = true;
    await sleep(200);
  }
}

/** A pid and when it started: pids are used again, pairs are not. Undefined when there is no such process. */
function identityOf(pid) {
  if (process.platform !== 'linux') return isRunning(pid) ? `${pid} -` : undefined;
  const status = statusOf(pid);
  return status === undefined || status[0] === 'Z' ? undefined : `${pid} ${status[19]}`;
}

/** What the kernel tells about a process, from its state on; see proc(5), /proc/pid/stat, third field. */
function statusOf(pid) {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// --- Small things --------------------------------------------------------------------------------------------------

/** Says what is being done and how long it took; a long step shows on a terminal that it still lives. */
async function step(title, work) {
  const startedAt = Date.now();
  const seconds = () => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
  const isTerminal = process.stdout.isTTY;
  process.stdout.write(isTerminal ? `  ${title} ...` : `  ${title} ...\n`);
  const ticker = isTerminal && setInterval(() => process.stdout.write(`\r  ${title} ... ${seconds()} `), 500);
  try {
    await work();
    process.stdout.write(
      isTerminal ? `\r  ${title}: done in ${seconds()}    \n` : `  done in ${seconds()}\n`,
    );
  } catch (error) {
    process.stdout.write('\n');
    throw error;
  } finally {
    clearInterval(ticker);
  }
}

/** Runs a program to its end with its output kept aside. A Ctrl-C reaches it, and this process, from the terminal. */
function run([program, ...args], environment = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      stdio: ['inherit', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    const passOn = (signal) => child.kill(signal);
    const passedOn = ['SIGTERM', 'SIGHUP'];
    for (const signal of passedOn) process.on(signal, passOn);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const passed of passedOn) process.off(passed, passOn);
      if (signal !== null || code === 130 || code === 143) reject(new Refusal('Interrupted.'));
      else resolve({ code, output });
    });
  });
}

function lastLines(text, count = 25) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`\n${error instanceof Refusal ? error.message : error.stack}\n`);
  process.exitCode = 1;
}
