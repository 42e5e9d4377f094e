import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findBinary, serviceUser, startRedis } from '@bus/testing';
import type { RedisServer } from '@bus/testing';
import { vi } from 'vitest';

/**
 * A Redis that confirms writes and cannot write them to its append-only file, as with a busy disk, for as long as a spec wants: the
 * operating system refuses to let its files grow. After one such write it refuses others.
 */
export class StuckRedis {
  readonly server: RedisServer;
  private readonly binaries: string;

  private constructor(server: RedisServer, binaries: string) {
    this.server = server;
    this.binaries = binaries;
  }

  static async start(): Promise<StuckRedis> {
    // A process whose file may not grow is killed unless it ignores that signal, which it has to inherit.
    const binaries = mkdtempSync(join(tmpdir(), 'redis-binary-'));
    chmodSync(binaries, 0o755);
    writeFileSync(
      join(binaries, 'redis-server'),
      `#!/bin/sh\ntrap '' XFSZ\nexec ${findBinary('redis-server')} "$@"\n`,
      { mode: 0o755 },
    );
    vi.stubEnv('PATH', [binaries, process.env['PATH']].join(delimiter));
    try {
      return new StuckRedis(await startRedis(), binaries);
    } finally {
      vi.unstubAllEnvs();
    }
  }

  /** From now on what it confirms stays in its buffer. */
  stick(): void {
    const folder = join(this.server.dir, 'appendonlydir');
    const sizes = readdirSync(folder)
      .filter((file) => file.endsWith('.incr.aof'))
      .map((file) => statSync(join(folder, file)).size);
    this.limitFileSize(String(Math.max(...sizes) + 1));
  }

  /** The disk works again; Redis writes what it has within about a second. */
  unstick(): void {
    this.limitFileSize('unlimited');
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.binaries, { recursive: true });
  }

  private limitFileSize(soft: string): void {
    // As the user it runs as: even root may not set the limits of other users' processes in every container.
    const user = serviceUser('redis');
    execFileSync('prlimit', ['--pid', String(this.server.pid), `--fsize=${soft}:`], user ?? {});
  }
}
