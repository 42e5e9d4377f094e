import { describe, expect, it } from 'vitest';
import { currentCorrelationId } from '../correlation/correlation-context.ts';
import { ConcealedValues } from '../logging/concealed-values.ts';
import { redactText } from '../logging/redact.ts';
import { currentScope, runInScope } from './work-scope.ts';

describe('runInScope', () => {
  const concealed = new ConcealedValues();
  concealed.add('nightingale');

  it('gives what is awaited all its values', async () => {
    const seen = runInScope({ correlationId: 'c-1', concealed }, async () => {
      await Promise.resolve();
      return `${currentCorrelationId()}: ${redactText('a nightingale')}`;
    });
    expect(await seen).toBe('c-1: a [redacted]');
    expect(currentScope()).toBeUndefined();
  });

  it('leaves what the inner call does not name', () => {
    runInScope({ correlationId: 'outer', concealed }, () => {
      runInScope({ correlationId: 'inner' }, () => {
        expect(currentScope()).toEqual({ correlationId: 'inner', concealed });
      });
      expect(currentCorrelationId()).toBe('outer');
    });
  });
});
