/** The bus's worker: an app as every other, with the whole chain around one handler. */
import 'reflect-metadata';

import { loadSettings, PlatformModule, RedisSettings, runApp, RuntimeSettings } from '@bus/platform';
import { BaseTask, Task, TaskWorkerModule, type DeadLetter, type DeadLetterStore } from '@bus/task-base';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { requiredArgument } from '../load/arguments.ts';
import { BENCH_TASK, type BenchParams, type BenchResult } from './bench-task.ts';
import { RunRecorder } from './run-recorder.ts';

const recorder = new RunRecorder();

@Task(BENCH_TASK)
class BenchHandler extends BaseTask<BenchParams, BenchResult> {
  async run(params: BenchParams): Promise<BenchResult> {
    recorder.entered(params);
    return { number: params.number, stored: true };
  }
}

/** There must be none, so keeping one is telling it. */
class ToldDeadLetters implements DeadLetterStore {
  record({ reason, detail }: DeadLetter): Promise<void> {
    recorder.failed(`${reason}: ${detail}`);
    return Promise.resolve();
  }
}

@Global()
@Module({ providers: [ToldDeadLetters], exports: [ToldDeadLetters] })
class DeadLettersModule {}

const settings = loadSettings(
  { runtime: RuntimeSettings, redis: RedisSettings },
  { REDIS_URL: requiredArgument('redis'), LOG_LEVEL: 'warn' },
);

@Module({
  imports: [
    PlatformModule.forRoot({ app: 'bench', ...settings }),
    DeadLettersModule,
    TaskWorkerModule.forRoot({
      queues: [BENCH_TASK.queue],
      catalog: [BENCH_TASK],
      deadLetterStore: ToldDeadLetters,
    }),
  ],
  providers: [BenchHandler],
})
class BenchWorker {}

process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
await runApp({
  app: 'bench',
  settings,
  createApp: (logger) => NestFactory.createApplicationContext(BenchWorker, { logger, abortOnError: false }),
});
recorder.ready();
