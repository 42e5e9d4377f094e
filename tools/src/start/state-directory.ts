import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT, serviceUser } from '@bus/testing';

/** For clones whose folders the servers' own users may not enter, such as one below /root. */
const OUTSIDE_ROOT = '/var/lib/message-bus';

/** Files that belong to whoever is starting right now. */
const OF_THIS_START = new Set(['bootstrap.lock', 'start.lock']);

/** Everything a clone keeps between two starts, in `.data/`. */
export class StateDirectory {
  readonly path: string;
  readonly logs: string;

  constructor(readonly root: string = REPOSITORY_ROOT) {
    this.path = join(root, '.data');
    this.logs = join(this.path, 'logs');
  }

  file(name: 'secrets.json' | 'ports.json' | 'processes.json' | 'runtime.json' | 'start.lock'): string {
    return join(this.path, name);
  }

  create(): void {
    // Others may pass through to the servers' folders, and look at nothing.
    mkdirSync(this.path, { recursive: true });
    chmodSync(this.path, 0o711);
    mkdirSync(this.logs, { recursive: true, mode: 0o700 });
  }

  /**
   * The folder of the servers' data. It is `.data/servers`, itself or as a link to a place outside the clone: servers
   * do not run as root, and their users may not be allowed to reach into it.
   */
  serversDirectory(): string {
    const place = join(this.path, 'servers');
    if (existsSync(place)) return this.realServersDirectory();
    rmSync(place, { force: true }); // A link whose target is gone.
    mkdirSync(place, { mode: 0o711 });
    chmodSync(place, 0o711);
    if (canServersReach(place)) return place;

    rmSync(place, { recursive: true });
    const outside = join(OUTSIDE_ROOT, createHash('sha256').update(this.root).digest('hex').slice(0, 12));
    mkdirSync(outside, { recursive: true });
    for (const folder of [OUTSIDE_ROOT, outside]) chmodSync(folder, 0o711);
    writeFileSync(join(outside, 'belongs-to'), `${this.root}\n`);
    symlinkSync(outside, place);
    return outside;
  }

  /** Removes everything but the locks of the start that is under way. */
  wipe(): void {
    if (!existsSync(this.path)) return;
    const place = join(this.path, 'servers');
    if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink()) {
      rmSync(this.realServersDirectory(), { recursive: true, force: true });
    }
    for (const name of readdirSync(this.path)) {
      if (!OF_THIS_START.has(name)) rmSync(join(this.path, name), { recursive: true, force: true });
    }
  }

  private realServersDirectory(): string {
    const place = join(this.path, 'servers');
    return lstatSync(place).isSymbolicLink() ? readlinkSync(place) : place;
  }
}

/** Asks the system itself, as each of the users would: only it knows all of its rules. */
function canServersReach(folder: string): boolean {
  const users = (['postgres', 'redis', 'mosquitto'] as const).map(serviceUser);
  return users.every((user) => {
    if (user === undefined) return true;
    return spawnSync('/usr/bin/test', ['-x', folder], { ...user, cwd: '/' }).status === 0;
  });
}

/** Replaces a file in one step, readable by its owner only: nobody ever sees half of it. */
export function writePrivateFile(path: string, content: unknown): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}
