import type { Command } from 'commander';
import type { QueueName } from '@bus/task-base';
import { UsageError } from '../cli.errors.ts';
import { collectParam, wholeNumber } from './option-values.ts';

/** Options by which work is found, the same for jobs and dead letters. */
export interface FilterOptions {
  readonly queue?: string;
  readonly task?: string;
  readonly param?: Readonly<Record<string, string>>;
  readonly tenant?: string;
  readonly correlation?: string;
  readonly limit: number;
}

const DEFAULT_LIMIT = 50;

export function addFilterOptions(command: Command): Command {
  return command
    .option('-q, --queue <queue>', 'of this queue only')
    .option('-t, --task <name>', 'of this task only')
    .option('-p, --param <field=value>', 'with this parameter; a dotted path, may be repeated', collectParam)
    .option('--tenant <id>', 'of this tenant: the parameter tenant_id')
    .option('--correlation <id>', 'with this correlation id')
    .option('-n, --limit <count>', 'at most so many', wholeNumber, DEFAULT_LIMIT);
}

/** Whether anything was asked for: without, "all of them" would be meant. */
export function hasFilter({ queue, task, param, tenant, correlation }: FilterOptions): boolean {
  return [queue, task, param, tenant, correlation].some((one) => one !== undefined);
}

/** The parameters asked for; a tenant is one of them. */
export function paramsOf({ param, tenant }: FilterOptions): Record<string, string> {
  return { ...param, ...(tenant === undefined ? {} : { tenant_id: tenant }) };
}

/** @throws UsageError that names the queues there are */
export async function queueNamed(name: string): Promise<QueueName> {
  const { QUEUE_NAMES } = await import('@bus/task-base');
  const queue = QUEUE_NAMES.find((one) => one === name);
  if (queue === undefined)
    throw new UsageError(`There is no queue '${name}'.`, `it is one of ${QUEUE_NAMES.join(', ')}`);
  return queue;
}

export async function queuesNamed(names: readonly string[]): Promise<QueueName[]> {
  return Promise.all(names.map(queueNamed));
}
