import { chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemUser } from '@bus/testing';
import { completeSecrets, readKeptSecrets } from '../start/secret-store.ts';
import { CONTAINER_USERS, type PreparedService } from './containers.ts';
import { renderPreparedFiles, type PreparedFilesOptions } from './prepared-files.ts';

export interface PrepareOptions extends PreparedFilesOptions {
  /** Who may read the files of each service. @default the users of the containers; only root can give files away */
  readonly owners?: Readonly<Record<PreparedService, SystemUser>>;
}

const DAMAGED = 'The secrets are damaged. Start over, without the data: docker compose down --volumes';

/** The folder of the secrets themselves; no service but `prepare` has it. */
const SECRETS = 'secrets';

/**
 * Writes the files of every service to `<root>/<service>/`, each readable by the user of that service only. The
 * secrets are made the first time and kept in `<root>/secrets/`; later runs write the same ones again, and add what
 * new people or devices need.
 */
export function prepare(root: string, options: PrepareOptions = {}): void {
  const secretsFile = join(root, SECRETS, 'secrets.json');
  const secrets = completeSecrets(readKeptSecrets(secretsFile, DAMAGED));
  mkdirSync(join(root, SECRETS), { recursive: true, mode: 0o700 });
  writeWhole(secretsFile, `${JSON.stringify(secrets, null, 2)}\n`);

  const owners = options.owners ?? CONTAINER_USERS;
  for (const { service, name, content } of renderPreparedFiles(secrets, options)) {
    // The service's user passes through the folder, which stays ours: it cannot replace what it is given.
    mkdirSync(join(root, service), { recursive: true, mode: 0o755 });
    writeWhole(join(root, service, name), content, owners[service]);
  }
}

/** Replaces a file in one step. Works without the right to override the modes of other users' files. */
function writeWhole(path: string, content: string, owner?: SystemUser): void {
  const temporary = `${path}.tmp`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, content, { flag: 'wx', mode: 0o400 });
  if (owner !== undefined) chownSync(temporary, owner.uid, owner.gid);
  renameSync(temporary, path);
}
