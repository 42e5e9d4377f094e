import { describe, expect, it } from 'vitest';
import { readTraceparent, writeTraceparent } from './traceparent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('traceparent', () => {
  it('is read and written in the form of the W3C', () => {
    const text = `00-${TRACE}-${SPAN}-01`;
    const spanContext = readTraceparent(text);
    expect(spanContext).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true });
    expect(spanContext && writeTraceparent(spanContext)).toBe(text);
  });

  it.each([
    ['nothing', undefined],
    ['no text', ''],
    ['another version', `01-${TRACE}-${SPAN}-01`],
    ['something behind it', `00-${TRACE}-${SPAN}-01-x`],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['a line break', `00-${TRACE}-${SPAN}-01\n`],
  ])('is not trusted when it is %s', (_what, text) => {
    expect(readTraceparent(text)).toBeUndefined();
  });
});
