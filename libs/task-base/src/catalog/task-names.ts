import type { TaskDefinition } from '../tasks/define-task.ts';
import { TASK_CATALOG } from './task-catalog.ts';

type CatalogEntry = (typeof TASK_CATALOG)[number];

/** The name of a task that exists. */
export type TaskName = CatalogEntry['name'];

/** The catalog entry of that name. */
export type TaskNamed<N extends TaskName> = Extract<CatalogEntry, { readonly name: N }>;

/** What the task of that name takes. */
export type ParamsOf<N extends TaskName> = InstanceType<TaskNamed<N>['params']>;

const byName: ReadonlyMap<string, TaskDefinition> = new Map(TASK_CATALOG.map((task) => [task.name, task]));

/** The entry of a name the compiler knows. */
export function taskNamed<N extends TaskName>(name: N): TaskNamed<N> {
  return byName.get(name) as TaskNamed<N>;
}

/** The entry of a name that comes from elsewhere: a table, a command line, a job; undefined when there is none. */
export function findTask(name: string): TaskDefinition | undefined {
  return byName.get(name);
}
