import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const POSTGRES_ROOT = '/usr/lib/postgresql';

/** The Debian package that brings each binary this project starts. */
const DEBIAN_PACKAGES = {
  'redis-server': 'redis-server',
  mosquitto: 'mosquitto',
  postgres: 'postgresql',
  initdb: 'postgresql',
  openssl: 'openssl',
  chromium: 'chromium',
} as const;

export type BinaryName = keyof typeof DEBIAN_PACKAGES;

/** Thrown when a program is not installed; the message names the line that installs it. */
export class BinaryMissingError extends Error {
  override readonly name = 'BinaryMissingError';
  readonly binary: BinaryName;

  constructor(binary: BinaryName) {
    super(
      `The program "${binary}" was not found on PATH, in /usr/sbin or below ${POSTGRES_ROOT}. ` +
        `Install it with: apt-get install -y --no-install-recommends ${DEBIAN_PACKAGES[binary]}`,
    );
    this.binary = binary;
  }
}

/** Debian keeps the PostgreSQL server programs off PATH, one folder per major version; the newest comes first. */
function postgresFolders(): string[] {
  try {
    return readdirSync(POSTGRES_ROOT)
      .filter((version) => /^\d+$/.test(version))
      .toSorted((a, b) => Number(b) - Number(a))
      .map((version) => join(POSTGRES_ROOT, version, 'bin'));
  } catch {
    return []; // No such folder: PostgreSQL is elsewhere on PATH, or the caller reports it missing.
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Full path of an installed program, or undefined. */
export function lookUpBinary(name: BinaryName): string | undefined {
  const isPostgres = name === 'postgres' || name === 'initdb';
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const folders = [
    ...(isPostgres ? postgresFolders() : []),
    ...onPath,
    '/usr/sbin',
    '/usr/local/sbin',
    '/sbin',
  ];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Full path of an installed program. Throws `BinaryMissingError` when it is not installed. */
export function findBinary(name: BinaryName): string {
  const path = lookUpBinary(name);
  if (path === undefined) throw new BinaryMissingError(name);
  return path;
}
