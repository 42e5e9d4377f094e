import { chownSync, readFileSync } from 'node:fs';

export interface SystemUser {
  uid: number;
  gid: number;
}

/**
 * The account a server should run as: its own system user when this process is root and that user exists, otherwise
 * undefined, which means "as whoever runs this".
 */
export function serviceUser(name: 'postgres' | 'mosquitto' | 'redis'): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  if (line === undefined) return undefined;
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/** Hands files to the account a server runs as; does nothing when it runs as the current one. */
export function giveTo(user: SystemUser | undefined, ...paths: string[]): void {
  if (user === undefined) return;
  for (const path of paths) chownSync(path, user.uid, user.gid);
}
