import { Module } from '@nestjs/common';
import { ProcessGuardGps } from './process-guard-gps.task.ts';

/** Where guards are. */
@Module({ providers: [ProcessGuardGps] })
export class GuardsModule {}
