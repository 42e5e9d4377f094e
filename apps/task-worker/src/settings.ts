import { ArrayNotEmpty, ArrayUnique, IsIn, IsInt, Max, Min } from 'class-validator';
import {
  EncryptionSettings,
  MqttSettings,
  PostgresSettings,
  RedisSettings,
  RuntimeSettings,
  Setting,
} from '@bus/platform';
import { QUEUE_NAMES } from '@bus/task-base';
import type { QueueName } from '@bus/task-base';

/** Queues other apps run: models want a process of their own, commands one that owns the way to the devices. */
const RUN_ELSEWHERE: readonly QueueName[] = ['ml_training', 'ai_processing', 'device_commands'];

/** What this worker works on. */
export class TaskWorkerSettings {
  @Setting({
    description:
      'Queues this process takes jobs from, comma separated. Default all but ml_training, ai_processing, device_commands.',
    default: QUEUE_NAMES.filter((queue) => !RUN_ELSEWHERE.includes(queue)),
    example: 'critical,high_priority',
  })
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(QUEUE_NAMES, { each: true, message: `must name queues of the bus: ${QUEUE_NAMES.join(', ')}` })
  TASK_WORKER_QUEUES!: string[];

  @Setting({
    description:
      'Days that telemetry, locations, readings and health are kept; older partitions are dropped.',
    default: 90,
  })
  @IsInt()
  @Min(1)
  @Max(3_650)
  TIME_SERIES_RETENTION_DAYS!: number;
}

/** Everything this app reads from its environment. */
export const SECTIONS = {
  runtime: RuntimeSettings,
  redis: RedisSettings,
  postgres: PostgresSettings,
  mqtt: MqttSettings,
  encryption: EncryptionSettings,
  worker: TaskWorkerSettings,
};

export type Settings = { readonly [K in keyof typeof SECTIONS]: InstanceType<(typeof SECTIONS)[K]> };

/** The queues of the settings, which have passed the check above. */
export function queuesOf(settings: TaskWorkerSettings): QueueName[] {
  return settings.TASK_WORKER_QUEUES as QueueName[];
}
