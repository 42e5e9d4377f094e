import { AlertId, Id, Text } from '@bus/payload-schemas';

/** Parameters of `fan_out_alert`. */
export class FanOutAlertJob {
  @AlertId() alert_id!: number;
  @Id() tenant_id!: number;
  @Text(500) message!: string;
}

/** Parameters of `notify_guard`. */
export class NotifyGuardJob {
  @AlertId() alert_id!: number;
  @Id() guard_id!: number;
}
