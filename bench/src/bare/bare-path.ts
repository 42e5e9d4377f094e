import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import { freePort } from '@bus/testing';

import type { BrokerAccess } from '../load/alert-publisher.ts';

export interface BarePath {
  readonly viewerUrl: string;
  stop(): Promise<void>;
}

/**
 * The yardstick: the same hops as an alert's (Mosquitto, an ingest process, Redis, a gateway process, a WebSocket)
 * with the plain libraries and nothing else: no database, no queue, no sealing, no history.
 */
export async function startBarePath(options: { redisUrl: string; broker: BrokerAccess }): Promise<BarePath> {
  const port = await freePort();
  const { redisUrl, broker } = options;
  const children = [
    await startPart('gateway', [`--redis=${redisUrl}`, `--port=${port}`]),
    await startPart('ingest', [
      `--redis=${redisUrl}`,
      `--mqtt=${broker.url}`,
      `--username=${broker.username}`,
      `--password=${broker.password}`,
    ]),
  ];
  return {
    viewerUrl: `ws://127.0.0.1:${port}`,
    async stop() {
      await Promise.all(children.map((child) => endProcess(child)));
    },
  };
}

async function startPart(part: 'gateway' | 'ingest', args: readonly string[]): Promise<ChildProcess> {
  const file = path.join(import.meta.dirname, `${part}.js`);
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [unknown];
  if (!String(line).startsWith('ready')) throw new Error(`the bare path's ${part} did not start`);
  return child;
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
