import { describe, expect, it } from 'vitest';
import { parsePublishedFrame } from './published-frame.ts';

describe('parsePublishedFrame', () => {
  it('separates what Redis wrote from the sealed frame, whatever bytes that has', () => {
    const sealed = Buffer.from([0, 10, 13, 255, 32]);
    expect(parsePublishedFrame(Buffer.concat([Buffer.from('a1B-_ 42\n'), sealed]))).toEqual({
      epoch: 'a1B-_',
      offset: 42,
      sealed,
    });
  });

  it.each([
    '',
    '\n',
    'epoch 1',
    'epoch 0\n',
    'epoch -1\n',
    'epoch 01\n',
    'epoch 1 \n',
    ' 1\n',
    'e\u0000 1\n',
    'epoch 99999999999999999\n',
    '{"a":1}\n',
    `${'e'.repeat(65)} 1\n`,
    `${'x'.repeat(1_000)}\n`,
  ])('refuses %j', (message) => {
    expect(parsePublishedFrame(Buffer.from(message))).toBeUndefined();
  });
});
