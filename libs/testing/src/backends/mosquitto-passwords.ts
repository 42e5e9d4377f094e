import { pbkdf2Sync, randomBytes } from 'node:crypto';

const ITERATIONS = 101; // What mosquitto_passwd 2.0 uses.

export interface MqttCredentials {
  username: string;
  password: string;
}

/** The text of a Mosquitto password file: one salted PBKDF2 hash per user, no password in clear. */
export function renderPasswordFile(users: readonly MqttCredentials[]): string {
  return users.map(({ username, password }) => `${username}:${hash(password)}\n`).join('');
}

function hash(password: string): string {
  const salt = randomBytes(12);
  const key = pbkdf2Sync(password, salt, ITERATIONS, 64, 'sha512');
  return `$7$${ITERATIONS}$${salt.toString('base64')}$${key.toString('base64')}`;
}
