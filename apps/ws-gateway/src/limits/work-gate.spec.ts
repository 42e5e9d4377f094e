import { expect, it } from 'vitest';
import { WorkGate } from './work-gate.ts';

it('runs a few, lets a few wait, says no to the rest, and goes on after a failure', async () => {
  const gate = new WorkGate({ running: 1, waiting: 1 });
  let failFirst: (error: Error) => void = () => undefined;
  const first = new Promise<string>((_, reject) => (failFirst = reject));
  const order: string[] = [];
  const running = gate.run(() => first.finally(() => order.push('first')));
  const waiting = gate.run(async () => {
    order.push('second');
    return 'second';
  });
  expect(await gate.run(async () => 'third')).toBe('full');
  failFirst(new Error('no'));
  await expect(running).rejects.toThrow('no');
  expect(await waiting).toEqual({ done: 'second' });
  expect(order).toEqual(['first', 'second']);
  expect(await gate.run(async () => 'later')).toEqual({ done: 'later' });
});
