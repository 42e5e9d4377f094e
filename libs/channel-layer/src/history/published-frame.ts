/**
 * A group event as it is published: a small clear header that Redis itself writes, then the sealed frame.
 *
 * The header says which place in the group's history Redis gave the event: `<epoch> <offset>\n`. It cannot be
 * inside the seal, because it is only known when Redis takes the event; receivers check it against the history.
 */
export interface PublishedFrame {
  readonly epoch: string;
  readonly offset: number;
  readonly sealed: Buffer;
}

const NEWLINE = 0x0a;
const HEADER = /^([\w-]{1,64}) ([1-9]\d{0,15})$/;
const MAX_HEADER_BYTES = 64 + 1 + 16;

/** Undefined when the bytes do not begin with a header. */
export function parsePublishedFrame(message: Buffer): PublishedFrame | undefined {
  const end = message.subarray(0, MAX_HEADER_BYTES + 1).indexOf(NEWLINE);
  if (end === -1) return undefined;
  const [, epoch, digits] = HEADER.exec(message.toString('latin1', 0, end)) ?? [];
  const offset = Number(digits);
  if (epoch === undefined || !Number.isSafeInteger(offset)) return undefined;
  return { epoch, offset, sealed: message.subarray(end + 1) };
}
