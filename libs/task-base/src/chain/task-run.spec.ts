import { describe, expect, it } from 'vitest';
import { taskRun } from '../fixtures/task-run.fixture.ts';
import { joinLinks } from './task-run.ts';
import type { TaskLink } from './task-run.ts';

describe('joinLinks', () => {
  it('puts the first link outermost', async () => {
    const steps: string[] = [];
    const link =
      (name: string): TaskLink =>
      async (_run, next) => {
        steps.push(`${name} in`);
        const result = await next();
        steps.push(`${name} out`);
        return result;
      };
    const end: TaskLink = () => {
      steps.push('handler');
      return Promise.resolve('result');
    };
    expect(await joinLinks([link('a'), link('b'), end])(taskRun())).toBe('result');
    expect(steps).toEqual(['a in', 'b in', 'handler', 'b out', 'a out']);
  });

  it('gives the links of each run their own turns', async () => {
    const pass: TaskLink = (_run, next) => next();
    const chain = joinLinks([pass, pass, (run) => Promise.resolve(run.jobId)]);
    const runs = ['a', 'b'].map((jobId) => chain(taskRun({ jobId })));
    expect(await Promise.all(runs)).toEqual(['a', 'b']);
  });

  it('lets the links outside of one that throws see a rejection', async () => {
    const seen: unknown[] = [];
    const outside: TaskLink = (_run, next) => next().catch((error: unknown) => seen.push(error));
    const broken: TaskLink = () => {
      throw new Error('broken');
    };
    await joinLinks([outside, broken])(taskRun());
    expect(seen).toEqual([new Error('broken')]);
  });

  it('fails when nothing runs the task', async () => {
    await expect(joinLinks([])(taskRun())).rejects.toThrow('without a link that runs the task');
  });
});
