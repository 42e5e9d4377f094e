import { Module, forwardRef } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import { handlersIn } from './handlers-in.ts';

const nothing = () => Promise.resolve();

describe('handlersIn', () => {
  const [first, second, third] = [testTask('do_first'), testTask('do_second'), testTask('do_third')];
  const First = handlerOf(first, nothing);
  const Second = handlerOf(second, nothing);
  const Third = handlerOf(third, nothing);

  it('finds the handlers of a module and of everything it imports, each once', () => {
    @Module({ providers: [First, { provide: 'number', useValue: 5 }] })
    class Inner {}
    @Module({ imports: [forwardRef(() => Inner)], providers: [{ provide: 'second', useClass: Second }] })
    class Outer {
      static forRoot(): DynamicModule {
        return { module: Outer, imports: [Inner], providers: [Third] };
      }
    }
    expect([...handlersIn({ module: class App {}, imports: [Outer.forRoot(), Inner] })]).toEqual([
      [second, [Second]],
      [third, [Third]],
      [first, [First]],
    ]);
  });

  it('shows two handlers of one task, as a mistake to be seen', () => {
    const Twin = handlerOf(first, nothing);
    const handlers = handlersIn({ module: class App {}, providers: [First, Twin] });
    expect([...handlers.values()]).toEqual([[First, Twin]]);
  });
});
