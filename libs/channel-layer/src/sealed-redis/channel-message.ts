/** What the seal of an adapter frame holds: the true channel and the adapter's own bytes. */
export interface ChannelMessage {
  readonly channel: Buffer;
  readonly payload: Buffer;
}

const LENGTH_BYTES = 2;

export function encodeChannelMessage(channel: string, payload: string | Uint8Array): Buffer {
  const name = Buffer.from(channel);
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(name.length);
  return Buffer.concat([length, name, body]);
}

/** Undefined when the bytes are not a channel message. */
export function decodeChannelMessage(content: Buffer): ChannelMessage | undefined {
  if (content.length < LENGTH_BYTES) return undefined;
  const payloadAt = LENGTH_BYTES + content.readUInt16BE(0);
  if (content.length < payloadAt) return undefined;
  return { channel: content.subarray(LENGTH_BYTES, payloadAt), payload: content.subarray(payloadAt) };
}
