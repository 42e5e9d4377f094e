import type { TaskDefinition } from '../tasks/define-task.ts';
import { PROCESS_COMMAND_REPLY } from './process-command-reply.ts';
import { PROCESS_DEVICE_ALERT } from './process-device-alert.ts';
import { PROCESS_DEVICE_TELEMETRY } from './process-device-telemetry.ts';
import { PROCESS_GUARD_GPS } from './process-guard-gps.ts';
import { PROCESS_SENSOR_DATA } from './process-sensor-data.ts';
import { PROCESS_SYSTEM_HEALTH } from './process-system-health.ts';
import { PUBLISH_MQTT } from './publish-mqtt.ts';

/** Every task of the bus. A new one is an entry here and one class marked with `@Task`. */
export const TASK_CATALOG = [
  PROCESS_DEVICE_ALERT,
  PROCESS_DEVICE_TELEMETRY,
  PROCESS_GUARD_GPS,
  PROCESS_SENSOR_DATA,
  PROCESS_SYSTEM_HEALTH,
  PROCESS_COMMAND_REPLY,
  PUBLISH_MQTT,
] as const satisfies readonly TaskDefinition[];
