import { Injectable, Module } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, NestFactory } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { collectHandlers } from './task-handlers.ts';

const first = testTask('do_first');
const second = testTask('do_second');
const elsewhere = testTask('do_elsewhere', { queue: 'reports' });
const catalog = [first, second, elsewhere] as TaskDefinition[];
const nothing = () => Promise.resolve();

async function discoveryOver(...providers: Type[]): Promise<DiscoveryService> {
  @Module({ imports: [DiscoveryModule], providers })
  class App {}
  return (await NestFactory.createApplicationContext(App, { logger: false })).get(DiscoveryService);
}

describe('collectHandlers', () => {
  it('finds the one handler of each task of its queues', async () => {
    @Injectable()
    class NotATask {}
    const discovery = await discoveryOver(handlerOf(first, nothing), handlerOf(second, nothing), NotATask);
    const handlers = collectHandlers(discovery, catalog, ['critical']);
    expect([...(handlers.get('critical')?.keys() ?? [])]).toEqual(['do_first', 'do_second']);
  });

  it('says which class to add for a task without a handler', async () => {
    const discovery = await discoveryOver(handlerOf(first, nothing));
    expect(() => collectHandlers(discovery, catalog, ['critical'])).toThrow(
      /task 'do_second' of queue 'critical' has no handler; provide a class marked with @Task\(DO_SECOND\)/,
    );
  });

  it('names both classes of a task with two', async () => {
    const discovery = await discoveryOver(
      handlerOf(first, nothing),
      handlerOf(second, nothing),
      handlerOf(second, nothing),
    );
    expect(() => collectHandlers(discovery, catalog, ['critical'])).toThrow(
      "task 'do_second' has 2 handlers, Handler and Handler; keep one",
    );
  });

  it('refuses a handler whose task nobody can enqueue, and a name used twice', async () => {
    const stray = testTask('do_stray');
    const discovery = await discoveryOver(handlerOf(stray, nothing));
    expect(() => collectHandlers(discovery, [elsewhere, testTask('do_elsewhere')], ['email'])).toThrow(
      /two tasks named 'do_elsewhere'[\s\S]*Handler handles 'do_stray', which is not in the catalog/,
    );
  });

  it('does not ask for handlers of queues it does not run', async () => {
    const discovery = await discoveryOver(handlerOf(first, nothing), handlerOf(second, nothing));
    expect(() => collectHandlers(discovery, catalog, ['critical', 'email'])).not.toThrow();
  });
});
