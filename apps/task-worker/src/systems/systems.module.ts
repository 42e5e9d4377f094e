import { Module } from '@nestjs/common';
import { ProcessSystemHealth } from './process-system-health.task.ts';

/** How edge servers fare. */
@Module({ providers: [ProcessSystemHealth] })
export class SystemsModule {}
