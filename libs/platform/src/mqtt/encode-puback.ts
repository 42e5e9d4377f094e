const PUBACK = 0x40;

/**
 * The bytes of an MQTT 5 PUBACK, for a receiver that acknowledges by itself once its work is safe.
 * Write them only to the connection the message came in on.
 */
export function encodePuback(messageId: number, reasonCode = 0): Buffer {
  // MQTT 5, 3.4.2.1: the reason code is left out when it is 0 (success).
  return reasonCode === 0
    ? Buffer.from([PUBACK, 2, messageId >> 8, messageId & 0xff])
    : Buffer.from([PUBACK, 3, messageId >> 8, messageId & 0xff, reasonCode]);
}
