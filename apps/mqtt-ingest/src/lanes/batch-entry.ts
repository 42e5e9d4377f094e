import type { BatchEntry } from '@bus/payload-schemas';
import type { CheckedMessage } from '../checks/check-message.ts';

/** The fields that the entries of all batch jobs share. */
export type BatchEntryFields = Pick<BatchEntry, keyof BatchEntry>;

/** What every entry of a batch job says about its message. A message without a time of its own has its arrival's. */
export function batchEntryOf(message: CheckedMessage): BatchEntryFields {
  return {
    message_id: message.messageId,
    device_time: (message.deviceTime ?? message.receivedAt).toISOString(),
    received_at: message.receivedAt.toISOString(),
    clock_suspect: message.clockSuspect,
    raw: message.payload,
  };
}
