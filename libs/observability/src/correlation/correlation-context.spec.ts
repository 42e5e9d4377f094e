import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { currentCorrelationId, runWithCorrelationId } from './correlation-context.ts';

describe('correlation id', () => {
  it('is known to everything that is awaited, and to nothing outside', async () => {
    const seen = runWithCorrelationId('outer', async () => {
      await sleep(1);
      const inner = await runWithCorrelationId('inner', async () => {
        await sleep(1);
        return currentCorrelationId();
      });
      return [inner, currentCorrelationId()];
    });
    expect(currentCorrelationId()).toBeUndefined();
    expect(await seen).toEqual(['inner', 'outer']);
  });

  it('does not mix up work that runs side by side', async () => {
    const ids = await Promise.all(
      ['a', 'b', 'c'].map((id) =>
        runWithCorrelationId(id, async () => {
          await sleep(1);
          return currentCorrelationId();
        }),
      ),
    );
    expect(ids).toEqual(['a', 'b', 'c']);
  });
});
