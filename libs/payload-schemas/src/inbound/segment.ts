/** What one level of an MQTT topic may hold. Everything that names a device, a guard or a sensor obeys it. */
export const SEGMENT_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** The most characters a message id may have. */
export const MAX_MESSAGE_ID_LENGTH = 128;
