import { Global, Module } from '@nestjs/common';
import { TaskClient } from './task-client.ts';

/** Provides `TaskClient` everywhere in the app. Needs `PlatformModule`. */
@Global()
@Module({ providers: [TaskClient], exports: [TaskClient] })
export class TaskClientModule {}
