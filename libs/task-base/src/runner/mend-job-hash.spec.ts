import { describe, expect, it } from 'vitest';
import { mendJobHash } from './mend-job-hash.ts';

function mended(fields: Record<string, string>): Record<string, unknown> {
  const list: unknown[] = Object.entries(fields).flat();
  mendJobHash(list);
  return Object.fromEntries(
    list.flatMap((_, index) => (index % 2 === 0 ? [[list[index], list[index + 1]]] : [])),
  );
}

describe('mendJobHash', () => {
  const job = { name: 'task', data: '{"params":{}}', opts: '{"attempts":3}', progress: '50' };

  it('leaves a sound job alone', () => {
    expect(mended(job)).toEqual(job);
  });

  it.each(['nonsense', 'null', '[]', '5'])('replaces options that are %s and says so in the data', (opts) => {
    expect(mended({ ...job, opts })).toMatchObject({ opts: '{}', data: '{"unreadable":"opts: not JSON"}' });
  });

  it('replaces progress that is not JSON', () => {
    expect(mended({ ...job, progress: '{' })).toMatchObject({ progress: '0' });
  });

  it('adds the data when there is none', () => {
    expect(mended({ opts: '{' })).toMatchObject({ data: '{"unreadable":"opts: not JSON"}' });
  });
});
