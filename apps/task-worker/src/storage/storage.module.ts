import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { TaskWorkerSettings } from '../settings.ts';
import { StorageUpkeep } from './storage-upkeep.ts';

/** Partitions, retention and backlogs of the tables the tasks write. */
@Module({})
export class StorageModule {
  static forRoot(settings: TaskWorkerSettings): DynamicModule {
    return {
      module: StorageModule,
      providers: [{ provide: TaskWorkerSettings, useValue: settings }, StorageUpkeep],
    };
  }
}
