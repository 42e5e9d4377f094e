import { Injectable, Module } from '@nestjs/common';
import type { DynamicModule, INestApplicationContext, Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ChannelLayerModule, GroupHistory } from '@bus/channel-layer';
import type { EventEnvelope, GroupName } from '@bus/payload-schemas';
import {
  EncryptionSettings,
  PlatformModule,
  RedisSettings,
  RuntimeSettings,
  loadSettings,
} from '@bus/platform';
import { TaskClient, TaskClientModule, TaskWorkerModule } from '@bus/task-base';
import type { DeadLetter, DeadLetterStore, QueueName, TaskDefinition } from '@bus/task-base';
import { createRedisDatabase } from '@bus/testing';
import { inject } from 'vitest';

export interface ExampleWorker {
  readonly app: INestApplicationContext;
  readonly tasks: TaskClient;
  readonly deadLetters: readonly DeadLetter[];
  /** Everything broadcast to the group since the worker started, in order. */
  eventsOf(group: GroupName): Promise<EventEnvelope[]>;
  close(): Promise<void>;
}

/** A worker of its own Redis database that runs an example, as an app of the bus would. */
export async function startExampleWorker(
  catalog: readonly TaskDefinition[],
  providers: Provider[],
  groups: readonly GroupName[],
): Promise<ExampleWorker> {
  const redisUrl = await createRedisDatabase(inject('redisUrl'));
  const app = await NestFactory.createApplicationContext(exampleApp(redisUrl, catalog, providers), {
    logger: false,
    abortOnError: false,
  });
  const history = app.get(GroupHistory);
  const begins = new Map(
    await Promise.all(groups.map(async (group) => [group, await history.position(group)] as const)),
  );
  return {
    app,
    tasks: app.get(TaskClient),
    deadLetters: app.get(MemoryDeadLetters).letters,
    eventsOf: async (group) => {
      const begin = begins.get(group);
      if (begin === undefined) throw new Error(`nobody watches ${group}`);
      const answer = await history.since(group, begin);
      if (answer.result === 'gap') throw new Error(`history of ${group}: ${answer.reason}`);
      return answer.events;
    },
    close: () => app.close(),
  };
}

@Injectable()
class MemoryDeadLetters implements DeadLetterStore {
  readonly letters: DeadLetter[] = [];

  record(letter: DeadLetter): Promise<void> {
    this.letters.push(letter);
    return Promise.resolve();
  }
}

@Module({ providers: [MemoryDeadLetters], exports: [MemoryDeadLetters] })
class DeadLettersModule {}

function exampleApp(
  redisUrl: string,
  catalog: readonly TaskDefinition[],
  providers: Provider[],
): DynamicModule {
  const sections = { runtime: RuntimeSettings, redis: RedisSettings, encryption: EncryptionSettings };
  const settings = loadSettings(sections, { REDIS_URL: redisUrl, METRICS_SNAPSHOT_INTERVAL_MS: '60000' });
  const queues: QueueName[] = [...new Set(catalog.map(({ queue }) => queue))];
  return {
    module: class ExampleApp {},
    imports: [
      PlatformModule.forRoot({ app: 'example', ...settings }),
      ChannelLayerModule.forRoot({ encryption: settings.encryption }),
      TaskClientModule,
      TaskWorkerModule.forRoot({
        queues,
        catalog,
        deadLetterStore: MemoryDeadLetters,
        imports: [DeadLettersModule],
      }),
    ],
    providers,
  };
}
