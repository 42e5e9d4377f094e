import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../time/wait-for.ts';
import { ManagedProcess, type ManagedProcessOptions } from './managed-process.ts';
import { isAlive } from './process-identity.ts';

function script(source: string, options: Partial<ManagedProcessOptions> = {}): Promise<ManagedProcess> {
  return ManagedProcess.start({
    name: 'script',
    command: process.execPath,
    args: ['-e', source],
    env: {},
    isReady: (line) => line === 'ready',
    ...options,
  });
}

/** A process with two children and a temporary folder, which it reports in one line. */
const OWNER = join(import.meta.dirname, 'testing/owner-of-children.ts');

const FOREVER = 'setInterval(() => {}, 1000);';
const DEAF = `process.on('SIGTERM', () => {}); ${FOREVER} console.log('ready')`;

describe('ManagedProcess', () => {
  it('tells what a process printed when it ends before it is ready', async () => {
    await expect(script("console.error('the reason'); process.exit(3)")).rejects.toThrow(
      /exit code 3.*\n.*the reason/,
    );
  });

  it('gives up on a process that stays silent, and ends it', async () => {
    let pid = 0;
    const started = script(`console.log(process.pid); ${FOREVER}`, {
      startTimeoutMs: 1_000,
      onLine: (line) => (pid = Number(line)),
    });
    await expect(started).rejects.toThrow(/not ready within 1000 ms/);
    expect(pid).toBeGreaterThan(0);
    expect(isAlive(pid)).toBe(false);
  });

  it('names the program that does not exist', async () => {
    await expect(script('', { command: '/does/not/exist' })).rejects.toThrow(/ENOENT/);
  });

  it('kills a process that ignores the request to end', async () => {
    const deaf = await script(DEAF, { stopTimeoutMs: 100 });
    expect(await deaf.stop()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('asks a process to end only once', async () => {
    const counting = `let n = 0; process.on('SIGTERM', () => { n += 1; setTimeout(() => process.exit(n), 200); });`;
    const process = await script(`${counting} ${FOREVER} console.log('ready')`);
    const ends = await Promise.all([process.stop(), process.stop(), process.stop()]);
    expect(ends).toEqual([1, 2, 3].map(() => ({ code: 1, signal: null })));
  });

  it('passes its input on', async () => {
    const echo = await script("process.stdin.on('data', (text) => console.log(String(text)))", {
      input: 'ready',
    });
    expect(await echo.exited).toEqual({ code: 0, signal: null });
  });

  it('leaves neither process nor folder behind when its owner is killed', async () => {
    const owner = spawn(process.execPath, ['--no-warnings', OWNER], { stdio: ['ignore', 'pipe', 'inherit'] });
    const report = await new Promise<{ pids: number[]; folder: string }>((resolve) => {
      createInterface({ input: owner.stdout }).once('line', (line) => resolve(JSON.parse(line)));
    });
    expect(report.pids.every((pid) => isAlive(pid))).toBe(true);
    expect(existsSync(report.folder)).toBe(true);

    owner.kill('SIGKILL');

    await waitFor(() => !report.pids.some((pid) => isAlive(pid)) && !existsSync(report.folder), {
      message: 'the children and the folder of a killed process to go',
    });
  });
});
