/** Bounds on a whole JSON message, whatever its class says about single fields. */
export interface MessageLimits {
  /** Nesting of objects and lists; the message itself is 1. */
  readonly maxDepth: number;
  /** Fields and list items of the whole message, at all depths. */
  readonly maxEntries: number;
  /** Characters of one text. */
  readonly maxTextLength: number;
  /** Characters of one field name. */
  readonly maxKeyLength: number;
}

/** What a device or a browser may send: far above the fleet's largest message, far below what could hurt. */
export const PAYLOAD_LIMITS: MessageLimits = {
  maxDepth: 8,
  maxEntries: 1_000,
  maxTextLength: 16_384,
  maxKeyLength: 128,
};

/** What one job may carry: a batch of up to 1,000 messages, each within its own limits, two levels deeper. */
export const JOB_LIMITS: MessageLimits = {
  maxDepth: 12,
  maxEntries: 1_100_000,
  maxTextLength: 65_536,
  maxKeyLength: 128,
};
