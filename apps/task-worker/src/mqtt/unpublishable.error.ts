export type UnpublishableCode = 'MQTT_TOPIC_NOT_ALLOWED' | 'MQTT_PAYLOAD_INVALID' | 'MQTT_PAYLOAD_TOO_LARGE';

/** The message can never be published; trying again changes nothing. */
export class UnpublishableError extends Error {
  readonly code: UnpublishableCode;
  readonly isRetryable = false;

  constructor(code: UnpublishableCode, message: string) {
    super(message);
    this.name = 'UnpublishableError';
    this.code = code;
  }
}
