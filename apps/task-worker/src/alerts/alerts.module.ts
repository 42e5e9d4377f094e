import { Module } from '@nestjs/common';
import { AlertConfirmations } from './alert-confirmations.ts';
import { AlertStore } from './alert-store.ts';
import { ProcessDeviceAlert } from './process-device-alert.task.ts';

/** From an alert in the queue to a row, the screens, and the device's certainty. */
@Module({ providers: [AlertStore, AlertConfirmations, ProcessDeviceAlert] })
export class AlertsModule {}
