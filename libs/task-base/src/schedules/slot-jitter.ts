import { createHash } from 'node:crypto';

/** How long the run of a slot is held back, 0 to `jitterSeconds`: spread evenly, and the same in every process. */
export function slotJitterMs(scheduleId: number, slotAt: Date, jitterSeconds: number): number {
  if (jitterSeconds === 0) return 0;
  const digest = createHash('sha256').update(`${scheduleId}/${slotAt.toISOString()}`).digest();
  return Math.floor((digest.readUInt32BE(0) / 2 ** 32) * jitterSeconds * 1_000);
}
