import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the kernel's range for outgoing connections (32768 and up on Linux). A port inside that range could be
 * taken by somebody's outgoing connection while a server restarts, and a client that keeps redialling such a port
 * on loopback can even end up connected to itself.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const ATTEMPTS = 200;

const handedOut = new Set<number>();

/** True when nothing listens on `port` of the loopback address right now. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * A loopback port nobody listens on. Never handed out twice by one process; another process may still take it
 * before it is used, so whoever binds it should be ready to ask again.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (handedOut.has(port)) continue;
    if (await isPortFree(port)) {
      handedOut.add(port);
      return port;
    }
  }
  throw new Error(`No free loopback port found between ${LOWEST_PORT} and ${HIGHEST_PORT}.`);
}
