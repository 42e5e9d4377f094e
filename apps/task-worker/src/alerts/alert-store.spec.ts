import type { WalBarrier, AlertQueries, AlertToStore, DeviceRegistry, StoredAlert } from '@bus/database';
import { Metrics } from '@bus/observability';
import type { AlertView, DeviceAlertJob } from '@bus/payload-schemas';
import { describe, expect, it } from 'vitest';
import { AlertStore } from './alert-store.ts';

const alert = (messageId: string): DeviceAlertJob => ({
  message_id: messageId,
  topic: 'alert/panic/dev-1',
  source_id: 'dev-1',
  alert_type: 'panic',
  severity: 'high',
  message: 'help',
  location: null,
  device_time: null,
  received_at: '2026-01-01T00:00:00.000Z',
  clock_suspect: false,
  raw: {},
});

/** A store over a Postgres that answers as `insert` says. */
function storeOver(insert: (ids: string[]) => Promise<void>) {
  const batches: string[][] = [];
  const queries = {
    insertMany: async (rows: readonly AlertToStore[]): Promise<StoredAlert[]> => {
      const ids = rows.map((row) => row.alert.message_id);
      batches.push(ids);
      await insert(ids);
      return ids.map((message_id) => ({
        row: { message_id, severity: 'high' } as AlertView,
        inserted: true,
      }));
    },
  } as AlertQueries;
  const barrier = { passed: () => Promise.resolve() } as WalBarrier;
  const registry = { lookup: () => Promise.resolve(new Map()) } as unknown as DeviceRegistry;
  return {
    store: new AlertStore(queries, registry, barrier, new Metrics({ app: 'spec', instance: 'spec' })),
    batches,
  };
}

describe('AlertStore', () => {
  it('passes a single alert on at once and what comes meanwhile in one commit, in order', async () => {
    const { store, batches } = storeOver(() => Promise.resolve());
    await Promise.all(['a', 'b', 'c', 'd'].map((id) => store.put(alert(id))));
    expect(batches).toEqual([['a'], ['b', 'c', 'd']]);
  });

  it('stores the others when Postgres cannot hold one of a batch', async () => {
    const { store, batches } = storeOver((ids) =>
      ids.includes('bad')
        ? Promise.reject(Object.assign(new Error('invalid byte sequence'), { code: '22021' }))
        : Promise.resolve(),
    );
    const outcomes = await Promise.allSettled(['a', 'b', 'bad', 'c'].map((id) => store.put(alert(id))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[2]).toMatchObject({ reason: { code: 'DATA_UNSTORABLE', isRetryable: false } });
    expect(batches).toEqual([['a'], ['b', 'bad', 'c'], ['b'], ['bad'], ['c']]);
  });

  it('leaves a Postgres that is away to the retries of every alert', async () => {
    const { store, batches } = storeOver(() =>
      Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' })),
    );
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((id) => store.put(alert(id))));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(batches).toEqual([['a'], ['b', 'c']]);
  });
});
