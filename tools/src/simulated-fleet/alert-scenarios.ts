import type { DeviceKind } from '@bus/database';
import type { AlertSeverity } from '@bus/payload-schemas';
import type { Random } from './random.ts';

export interface AlertScenario {
  alertType: string;
  severity: AlertSeverity;
  message: string;
}

/** How often each urgency comes: most of what a control room sees is small. */
const SEVERITY_WEIGHTS: Record<AlertSeverity, number> = { critical: 1, high: 2, medium: 3, low: 3, info: 2 };

const SCENARIOS: Record<DeviceKind, readonly AlertScenario[]> = {
  guard: [
    { alertType: 'panic', severity: 'critical', message: 'Panic button pressed' },
    { alertType: 'man_down', severity: 'critical', message: 'No movement for 60 s after a fall' },
    { alertType: 'geofence_exit', severity: 'high', message: 'Left the patrol area' },
    { alertType: 'missed_checkpoint', severity: 'medium', message: 'Checkpoint 4 not reached in time' },
    { alertType: 'late_for_shift', severity: 'low', message: 'Shift not started 10 min after its beginning' },
    { alertType: 'shift_started', severity: 'info', message: 'Shift started' },
  ],
  device: [
    { alertType: 'tamper', severity: 'high', message: 'Housing opened' },
    { alertType: 'battery_low', severity: 'medium', message: 'Battery below 15 %' },
    { alertType: 'signal_weak', severity: 'low', message: 'Signal below -105 dBm for 5 min' },
    { alertType: 'firmware_updated', severity: 'info', message: 'Running firmware 4.2.1' },
  ],
  sensor: [
    { alertType: 'fire', severity: 'critical', message: 'Smoke and heat in the same room' },
    { alertType: 'intrusion', severity: 'critical', message: 'Glass break and motion' },
    { alertType: 'door_forced', severity: 'high', message: 'Door opened without a badge' },
    { alertType: 'door_held_open', severity: 'medium', message: 'Door open for 3 min' },
    { alertType: 'humidity_high', severity: 'low', message: 'Humidity above 85 %' },
  ],
  edge: [
    { alertType: 'camera_offline', severity: 'high', message: 'Camera 7 does not answer' },
    { alertType: 'disk_nearly_full', severity: 'medium', message: 'Recording disk above 90 %' },
    { alertType: 'clock_drift', severity: 'low', message: 'Clock was 4 s off and has been set' },
    { alertType: 'backup_done', severity: 'info', message: 'Nightly backup finished' },
  ],
};

/** What a member of the fleet has to report this time. */
export function nextAlert(kind: DeviceKind, random: Random): AlertScenario {
  const choices = SCENARIOS[kind].map((value) => ({ weight: SEVERITY_WEIGHTS[value.severity], value }));
  return random.pickWeighted(choices);
}
