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

  it.each([
    '{}',
    '{"stackTraceLimit":3,"jobId":"task-5766ee36-0a27","priority":6,"backoff":{"type":"task"},"attempts":4}',
    '{"jobId":"a \\"quoted\\" one","removeOnFail":[1.5e3,{"age":[]}]}',
    ' { "delay" : -0 } ',
  ])('leaves the options %s', (opts) => {
    expect(mended({ ...job, opts })).toEqual({ ...job, opts });
  });

  it.each([
    '{"a":1,}',
    '{"a":01}',
    '{"a":}',
    '{"a":{"b":1}',
    '{"a":{"b":{"c":1}}}}',
    '{"a":1}{"b":2}',
    '{a:1}',
    '{"a":"line\nbreak"}',
    '{"a":1}\n\n!',
    '{"a":tru}',
    '{"a":--1}',
  ])('replaces options that only look like JSON: %j', (opts) => {
    expect(() => JSON.parse(opts) as unknown).toThrow(SyntaxError);
    expect(mended({ ...job, opts })).toMatchObject({ opts: '{}', data: '{"unreadable":"opts: not JSON"}' });
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
