import { describe, expect, it } from 'vitest';
import { storeBatch } from './store-batch.ts';

const entries = (...ids: string[]) => ids.map((message_id) => ({ message_id }));
const refused = Object.assign(new Error('out of range'), { code: '22003' });

/** An insert that refuses batches with an entry called bad-something and remembers what it took. */
function tableWith(stored: string[]) {
  return (batch: readonly { message_id: string }[]) => {
    const ids = batch.map(({ message_id }) => message_id);
    if (ids.some((id) => id.startsWith('bad'))) return Promise.reject(refused);
    stored.push(...ids);
    return Promise.resolve({ inserted: ids.length });
  };
}

describe('storeBatch', () => {
  it('stores a sound batch with one insert', async () => {
    let inserts = 0;
    const insert = (batch: readonly unknown[]) =>
      Promise.resolve({ inserted: (inserts += 1) && batch.length });
    expect(await storeBatch(entries('a', 'b'), insert)).toEqual({ inserted: 2 });
    expect(inserts).toBe(1);
  });

  it('stores everything but what Postgres cannot hold, and then says what that was', async () => {
    const stored: string[] = [];
    const batch = entries('a', 'b', 'bad-1', 'c', 'd', 'e', 'bad-2');
    await expect(storeBatch(batch, tableWith(stored))).rejects.toMatchObject({
      code: 'DATA_UNSTORABLE',
      isRetryable: false,
      message: expect.stringContaining('2 of 7 messages (bad-1, bad-2)') as string,
    });
    expect(stored).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('does not take a database that is away for bad data', async () => {
    let inserts = 0;
    const insert = () => {
      inserts += 1;
      return Promise.reject(Object.assign(new Error('gone'), { code: '57P01' }));
    };
    await expect(storeBatch(entries('a', 'b'), insert)).rejects.toThrow('gone');
    expect(inserts).toBe(1);
  });
});
