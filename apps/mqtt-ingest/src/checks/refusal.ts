/** Why a message was refused. The code is part of the contract with devices (`downlink/{sourceId}/error`). */
export type RefusalCode =
  'unknown_topic' | 'bad_segment' | 'size' | 'encoding' | 'json' | 'schema' | 'injection';

/** The `reason` label of the refusal counter: both ways a topic can be wrong count as one. */
export const REFUSAL_LABEL = {
  unknown_topic: 'topic',
  bad_segment: 'topic',
  size: 'size',
  encoding: 'encoding',
  json: 'json',
  schema: 'schema',
  injection: 'injection',
} as const satisfies Record<RefusalCode, string>;

/** A message that will not be taken, and everything that is known about it. */
export interface Refusal {
  readonly code: RefusalCode;
  /** What is wrong and what is allowed. Never repeats the device's own text. */
  readonly reason: string;
  readonly topic: string;
  /** Whose topic it is; null when the topic does not say. */
  readonly sourceId: string | null;
  /** Null when the message was refused before its id could be read. */
  readonly messageId: string | null;
  readonly payload: Buffer;
  readonly receivedAt: Date;
}
