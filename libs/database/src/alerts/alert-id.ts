import { hash } from 'node:crypto';
import type { DeviceAlertJob } from '@bus/payload-schemas';
import { storableKey } from '../storable-values.ts';

/** What a JSON number holds exactly is 53 bits; zero is left out, because no id is zero. */
const ID_BYTES = 6;
const MORE_BITS = 4;

/**
 * The id of an alert, computed from its identity, which is source and message id: the same in every process and at every
 * attempt, so an alert can be shown while it is still being stored. A whole number from 1 to 2^52: the first 52 bits of a SHA-256.
 *
 * Of a million alerts two share an id with a chance of 1 in 9,000 (birthday bound). The later one is stored under the next
 * number of the sequence instead, and its row says which.
 */
export function alertIdOf({
  source_id,
  message_id,
}: Pick<DeviceAlertJob, 'source_id' | 'message_id'>): number {
  const identity = JSON.stringify([storableKey(source_id), storableKey(message_id)]);
  const digest = hash('sha256', identity, 'buffer');
  return digest.readUIntBE(0, ID_BYTES) * 2 ** MORE_BITS + ((digest[ID_BYTES] ?? 0) >> MORE_BITS) + 1;
}
