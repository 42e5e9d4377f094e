/** The topic can never be published to. A defect of the caller; trying again changes nothing. */
export class InvalidTopicError extends Error {
  readonly code = 'MQTT_INVALID_TOPIC';
  readonly isRetryable = false;

  constructor(reason: string) {
    super(`Cannot publish: ${reason}.`);
    this.name = 'InvalidTopicError';
  }
}

/** The broker is not connected; nothing was sent. */
export class MqttUnavailableError extends Error {
  readonly code = 'MQTT_UNAVAILABLE';
  readonly isRetryable = true;

  constructor() {
    super('Cannot publish: the broker is not connected.');
    this.name = 'MqttUnavailableError';
  }
}

/** The broker did not confirm in time. The message may or may not have arrived. */
export class MqttPublishTimeoutError extends Error {
  readonly code = 'MQTT_PUBLISH_TIMEOUT';
  readonly isRetryable = true;

  constructor(timeoutMs: number) {
    super(`The broker did not confirm the message within ${timeoutMs} ms; it may or may not have arrived.`);
    this.name = 'MqttPublishTimeoutError';
  }
}

/** The broker refused the message, or the connection ended before it answered. `reasonCode` is that of MQTT 5. */
export class MqttPublishError extends Error {
  readonly code = 'MQTT_PUBLISH_FAILED';
  readonly isRetryable: boolean;
  readonly reasonCode: number | undefined;

  constructor(cause: Error) {
    const reasonCode = 'code' in cause && typeof cause.code === 'number' ? cause.code : undefined;
    super(`The broker refused the message: ${cause.message}`, { cause });
    this.name = 'MqttPublishError';
    this.reasonCode = reasonCode;
    // 0x97 quota exceeded passes with time; not authorised, bad topic name or bad format do not.
    this.isRetryable = reasonCode === undefined || reasonCode === 0x97;
  }
}
