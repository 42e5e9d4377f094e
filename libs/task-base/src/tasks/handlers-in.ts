import type { DynamicModule, ForwardReference, Provider, Type } from '@nestjs/common';
import type { TaskDefinition } from './define-task.ts';
import { TASK_METADATA } from './task.decorator.ts';

type ModuleReference = Type | DynamicModule | ForwardReference | Promise<DynamicModule>;

/**
 * The handler classes a module and everything it imports provide, by task, read from their decorators without starting
 * anything. For specs; a worker that starts finds its handlers itself and refuses to run unless each task has one.
 */
export function handlersIn(root: ModuleReference): ReadonlyMap<TaskDefinition, readonly object[]> {
  const handlers = new Map<TaskDefinition, object[]>();
  const seen = new Set<unknown>();
  const visit = (reference: ModuleReference): void => {
    const module = 'forwardRef' in reference ? (reference.forwardRef() as Type | DynamicModule) : reference;
    if (module instanceof Promise || seen.has(module)) return;
    seen.add(module);
    const { providers, imports } = contentOf(module);
    for (const provider of providers) addHandler(provider, handlers, seen);
    for (const imported of imports) visit(imported);
  };
  visit(root);
  return handlers;
}

/** The task that a handler class is marked to run; undefined for any other class. */
export function markedTask(handlerClass: object): TaskDefinition | undefined {
  return Reflect.getMetadata(TASK_METADATA, handlerClass) as TaskDefinition | undefined;
}

function addHandler(provider: Provider, handlers: Map<TaskDefinition, object[]>, seen: Set<unknown>): void {
  const handlerClass = typeof provider === 'object' && 'useClass' in provider ? provider.useClass : provider;
  const task = typeof handlerClass === 'function' ? markedTask(handlerClass) : undefined;
  if (task === undefined || seen.has(provider)) return;
  seen.add(provider);
  handlers.set(task, [...(handlers.get(task) ?? []), handlerClass]);
}

/** What the decorator of a module says and, for a dynamic one, what was added to that. */
function contentOf(module: Type | DynamicModule): { providers: Provider[]; imports: ModuleReference[] } {
  const { module: moduleClass, providers = [], imports = [] } = 'module' in module ? module : { module };
  return {
    providers: [...listOf<Provider>('providers', moduleClass), ...providers],
    imports: [...listOf<ModuleReference>('imports', moduleClass), ...imports],
  };
}

function listOf<T>(key: 'providers' | 'imports', moduleClass: Type): T[] {
  return (Reflect.getMetadata(key, moduleClass) as T[] | undefined) ?? [];
}
