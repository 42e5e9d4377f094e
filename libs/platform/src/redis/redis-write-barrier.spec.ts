import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RedisWriteBarrier, RedisWriteUnconfirmedError, type WriteMark } from './redis-write-barrier.ts';

const POLL_MS = 20;

/** A connection whose answers to INFO the spec decides. */
class Connection extends EventEmitter {
  status = 'ready';
  asked = 0;
  private readonly questions: { resolve: (info: string) => void; reject: (error: Error) => void }[] = [];

  info(section: string): Promise<string> {
    if (section !== 'persistence') throw new Error(`nobody needs INFO ${section}`);
    this.asked += 1;
    return new Promise((resolve, reject) => this.questions.push({ resolve, reject }));
  }

  async answer(state: { pending: number; size: number; baseSize?: number } | string | Error): Promise<void> {
    if (this.questions.length !== 1) throw new Error(`${this.questions.length} questions are open`);
    const question = this.questions.shift();
    if (state instanceof Error) question?.reject(state);
    else question?.resolve(typeof state === 'string' ? state : infoOf(state));
    await vi.advanceTimersByTimeAsync(0);
  }

  lose(): void {
    this.status = 'reconnecting';
    this.emit('close');
    for (const { reject } of this.questions.splice(0)) reject(new Error('Connection is closed.'));
  }
}

function infoOf({ pending, size, baseSize = 0 }: { pending: number; size: number; baseSize?: number }) {
  return `# Persistence\r\naof_enabled:1\r\naof_current_size:${size}\r\naof_base_size:${baseSize}\r\naof_buffer_length:${pending}\r\n`;
}

let connection: Connection;
let barrier: RedisWriteBarrier;
let fates: string[];
const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();

/** Asks as after a write, and notes what comes of it. */
function pass(name: string, before: { mark: WriteMark } = { mark: barrier.mark() }): void {
  barrier.passed(before.mark).then(
    () => fates.push(name),
    (error: unknown) =>
      fates.push(`${name}: ${error instanceof RedisWriteUnconfirmedError && error.message}`),
  );
}

beforeEach(() => {
  vi.useFakeTimers();
  warn.mockClear();
  fates = [];
  connection = new Connection();
  barrier = new RedisWriteBarrier(connection as unknown as Redis, {
    firstLookAfterMs: 0,
    pollMs: POLL_MS,
  });
});
afterEach(() => void vi.useRealTimers());

describe('RedisWriteBarrier', () => {
  it('lets what was written go first, and asks once for all who came meanwhile', async () => {
    barrier = new RedisWriteBarrier(connection as unknown as Redis, { firstLookAfterMs: 5 });
    pass('first');
    await vi.advanceTimersByTimeAsync(4);
    pass('second');
    expect(connection.asked).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    await connection.answer({ pending: 0, size: 10 });
    expect(fates).toEqual(['first', 'second']);
    expect(connection.asked).toBe(1);
  });

  it('asks nothing while nobody waits, and lets pass when the buffer is empty', async () => {
    expect(connection.asked).toBe(0);
    pass('a');
    await connection.answer({ pending: 0, size: 10 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect({ fates, asked: connection.asked }).toEqual({ fates: ['a'], asked: 1 });
  });

  it('has one question on its way, and lets nobody pass with an answer older than his call', async () => {
    pass('a');
    pass('b');
    pass('c');
    expect(connection.asked).toBe(1);
    await connection.answer({ pending: 0, size: 10 });
    expect({ fates, asked: connection.asked }).toEqual({ fates: ['a'], asked: 2 });
    await connection.answer({ pending: 0, size: 10 });
    expect({ fates, asked: connection.asked }).toEqual({ fates: ['a', 'b', 'c'], asked: 2 });
  });

  it('lets nobody pass while the buffer waits for the disk', async () => {
    pass('a');
    for (let look = 0; look < 20; look += 1) {
      await connection.answer({ pending: 27, size: 10 });
      await vi.advanceTimersByTimeAsync(POLL_MS);
    }
    expect(fates).toEqual([]);
    await connection.answer({ pending: 0, size: 37 });
    expect(fates).toEqual(['a']);
  });

  it('lets pass on a Redis that always has something in the buffer, once what was in it first is written', async () => {
    pass('a');
    await connection.answer({ pending: 30, size: 100 });
    await vi.advanceTimersByTimeAsync(POLL_MS);
    await connection.answer({ pending: 50, size: 129 });
    expect(fates).toEqual([]);
    await vi.advanceTimersByTimeAsync(POLL_MS);
    await connection.answer({ pending: 40, size: 130 });
    expect(fates).toEqual(['a']);
  });

  it('does not take the new size after a rewrite of the file for progress', async () => {
    pass('a');
    await connection.answer({ pending: 30, size: 100 });
    await vi.advanceTimersByTimeAsync(POLL_MS);
    await connection.answer({ pending: 30, size: 500, baseSize: 500 });
    expect(fates).toEqual([]);
    await vi.advanceTimersByTimeAsync(POLL_MS);
    await connection.answer({ pending: 10, size: 530, baseSize: 500 });
    expect(fates).toEqual(['a']);
  });

  it('rejects everybody when the connection is lost, and everybody whose mark is from before', async () => {
    const mark = barrier.mark();
    pass('a', { mark });
    pass('b', { mark });
    connection.lose();
    connection.status = 'ready';
    pass('c', { mark });
    pass('d');
    await vi.advanceTimersByTimeAsync(0);
    await connection.answer({ pending: 0, size: 10 });
    expect(fates).toEqual([
      expect.stringMatching(/^a: the connection to Redis was lost/),
      expect.stringMatching(/^b: the connection to Redis was lost/),
      expect.stringMatching(/^c: the connection to Redis was lost/),
      'd',
    ]);
  });

  it('rejects when there was no connection at the mark', async () => {
    connection.status = 'connecting';
    const mark = barrier.mark();
    connection.status = 'ready';
    pass('a', { mark });
    await vi.advanceTimersByTimeAsync(0);
    expect(fates).toEqual([expect.stringMatching(/^a: there was no connection/)]);
  });

  it('rejects when Redis does not answer, and asks again for the next', async () => {
    pass('a');
    await connection.answer(new Error('Command timed out'));
    pass('b');
    await connection.answer({ pending: 0, size: 10 });
    expect(fates).toEqual([expect.stringMatching(/^a: .*Command timed out/), 'b']);
  });

  it('rejects when Redis does not write for long, and says where to look', async () => {
    pass('a');
    await connection.answer({ pending: 27, size: 10 });
    await vi.advanceTimersByTimeAsync(10_000);
    await connection.answer({ pending: 27, size: 10 });
    expect(fates).toEqual([expect.stringMatching(/^a: Redis has not written .* 10 s; look at its disk/)]);
  });

  it.each([
    ['its append-only file is off', '# Persistence\r\naof_enabled:0\r\n'],
    ['it does not tell', '# Persistence\r\naof_enabled:1\r\n'],
    ['it tells nothing', ''],
    ['INFO is forbidden', new Error("NOPERM this user has no permissions to run the 'info' command")],
    ['INFO does not exist', new Error("ERR unknown command 'INFO', with args beginning with: 'persistence'")],
  ])('lets pass with one warning when %s', async (_case, answer) => {
    for (const name of ['a', 'b']) {
      pass(name);
      await connection.answer(answer);
    }
    expect(fates).toEqual(['a', 'b']);
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('appendonly yes'));
  });
});
