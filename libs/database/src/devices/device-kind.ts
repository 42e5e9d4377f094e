export const DEVICE_KINDS = ['device', 'guard', 'sensor', 'edge'] as const;

/** device: general field unit; guard: a guard's handset; sensor: one sensor; edge: a server that reports its health. */
export type DeviceKind = (typeof DEVICE_KINDS)[number];
