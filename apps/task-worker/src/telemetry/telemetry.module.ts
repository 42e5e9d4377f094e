import { Module } from '@nestjs/common';
import { ProcessDeviceTelemetry } from './process-device-telemetry.task.ts';

/** What devices measure. */
@Module({ providers: [ProcessDeviceTelemetry] })
export class TelemetryModule {}
