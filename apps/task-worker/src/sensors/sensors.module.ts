import { Module } from '@nestjs/common';
import { ProcessSensorData } from './process-sensor-data.task.ts';

/** What sensors report, and the alarms that follow from it. */
@Module({ providers: [ProcessSensorData] })
export class SensorsModule {}
