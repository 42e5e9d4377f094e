import { describe, expect, it } from 'vitest';
import { createRootLogger } from './bus-logger.ts';
import { ConcealedValues } from './concealed-values.ts';
import { redact, redactText } from './redact.ts';
import { runInScope } from '../scope/work-scope.ts';

function concealed(...values: unknown[]): ConcealedValues {
  const store = new ConcealedValues();
  for (const value of values) store.add(value);
  return store;
}

describe('what a scope conceals', () => {
  it('takes the values out of texts, field names, numbers and errors', () => {
    const values = concealed('tulip-field', 9_214_477, ['Anna Berg'], { inner: { deep: 'pelican' } });
    const seen = runInScope({ concealed: values }, () =>
      redact({
        text: 'for Anna Berg: tulip-field',
        number: 9_214_477,
        big: 9_214_477n,
        'a pelican': 1,
        error: new Error('no tulip-field', { cause: new AggregateError([new Error('pelican')], 'x') }),
      }),
    );
    const shown = JSON.stringify(seen) + String(seen.error.stack) + String(seen.error.cause);
    expect(seen.text).toBe('for [redacted]: [redacted]');
    expect(shown).not.toMatch(/tulip|Anna|pelican|9214477/);
    expect(JSON.stringify((seen.error.cause as AggregateError).errors.map(String))).not.toContain('pelican');
  });

  it('finds a value as it is written inside JSON and URLs', () => {
    const values = concealed('say "hi" & go');
    const said = runInScope({ concealed: values }, () =>
      redactText(`${JSON.stringify('say "hi" & go')} /q?x=${encodeURIComponent('say "hi" & go')}`),
    );
    expect(said).toBe('"[redacted]" /q?x=[redacted]');
  });

  it('leaves nothing of the longer of two values that begin alike, and takes special characters as they are', () => {
    const values = concealed('pass', 'pass.*word', '$& (x)[y]{1}|^');
    expect(runInScope({ concealed: values }, () => redactText('pass.*word passion $& (x)[y]{1}|^'))).toBe(
      '[redacted] [redacted]ion [redacted]',
    );
  });

  it('leaves values of fewer than four characters, which occur everywhere', () => {
    expect(runInScope({ concealed: concealed('abc', 7) }, () => redactText('abc 7 alphabet'))).toBe(
      'abc 7 alphabet',
    );
  });

  it('follows the work, takes values added later, and ends with it', async () => {
    const values = concealed();
    await runInScope({ concealed: values }, async () => {
      await Promise.resolve();
      values.add('nightingale');
      expect(redactText('a nightingale sang')).toBe('a [redacted] sang');
    });
    expect(redactText('a nightingale sang')).toBe('a nightingale sang');
  });

  it('keeps the values out of the log, also where a long text is cut', () => {
    const lines: string[] = [];
    const logger = createRootLogger({
      app: 'spec',
      instance: 'one',
      destination: { write: (line) => void lines.push(line) },
    });
    runInScope({ concealed: concealed('nightingale') }, () => {
      logger.log(`${'x'.repeat(8_186)}nightingale`, { note: `${'y'.repeat(8_186)}nightingale` });
      logger.error('failed', new Error('nightingale'));
    });
    expect(lines.join('')).not.toContain('night');
  });
});
