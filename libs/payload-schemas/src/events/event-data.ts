import type { AlertView } from './alert-view.ts';

/** Body of `system_alert`: the platform itself has something to say to the operations centre. */
export interface SystemAlertData {
  /** A stable word: `alert_refused`, `device_offline`. */
  code: string;
  /** What a person should know. May quote a device: it is data, never markup. */
  reason: string;
  /** The device, sensor or process it is about. */
  source_id: string | null;
  topic: string | null;
  /** The beginning of what came in, when something was refused. */
  excerpt?: string;
  occurred_at: string;
}

/** Body of `task_progress`. */
export interface TaskProgressData {
  task_name: string;
  task_id: string | null;
  /** Percent, 0 to 100. */
  progress: number;
  status: string;
  message: string | null;
}

/** Body of `critical_alert`, `alert_notification`, `supervisor_alert`, `tenant_alert` and `alert_updated`. */
export type AlertEventData = AlertView;
