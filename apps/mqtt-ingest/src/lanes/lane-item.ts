/** What became of a message that was handed to a lane. */
export type LaneOutcome =
  /** Redis has it, now or from an earlier delivery, and keeps it when it is killed: it may be acknowledged. */
  | { readonly kind: 'enqueued'; readonly duplicate: boolean }
  /** The broker delivers it again, so this copy was let go. It must not be acknowledged. */
  | { readonly kind: 'abandoned' }
  /** It can never be enqueued. */
  | { readonly kind: 'unusable'; readonly reason: string };

/** Whether a message still has to be enqueued by whoever holds it. */
export interface Claim {
  /** False once the broker has promised to deliver the message again. */
  readonly isHeld: boolean;
}
