import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { MqttPublishTimeoutError, MqttPublisher, MqttUnavailableError, RepeatedWarning } from '@bus/platform';
import type { MqttClient } from '@bus/platform';

/** Injection token of the connection to the broker. */
export const MQTT_CLIENT = Symbol('MQTT_CLIENT');

/** The broker answers in a millisecond; one that has not after this long will not be waited for. */
const CONFIRM_TIMEOUT_MS = 5_000;

/** Beyond this the broker is too slow to be worth more memory; what is not sent is asked for again. */
const MAX_IN_FLIGHT = 2_000;

/** The caller's signal ends a publish much sooner; this only keeps the memory bounded. */
const FORGET_AFTER_MS = 60_000;

/** Confirmations still on their way when the process stops get this long. */
const LAST_WORDS_MS = 1_000;

/** Messages to devices, sent while the work goes on. Counts what becomes of each. */
@Injectable()
export class Downlink implements OnApplicationShutdown {
  private readonly inFlight = new Set<Promise<void>>();
  private readonly publisher: MqttPublisher;
  private readonly warning = new RepeatedWarning(new Logger(Downlink.name));

  constructor(
    @Inject(MQTT_CLIENT) private readonly client: MqttClient,
    private readonly metrics: Metrics,
  ) {
    this.publisher = new MqttPublisher(client);
  }

  /** Sends with QoS 1 and returns at once; `onConfirmed` is called when the broker has the message. Never throws. */
  send(kind: 'ack', topic: string, payload: object, onConfirmed: () => void): void {
    const count = (result: 'success' | 'failure' | 'timeout' | 'rate_limited' | 'unreachable') =>
      this.metrics.counter('bus_mqtt_downlink_messages_total').inc({ kind, result });
    if (this.inFlight.size >= MAX_IN_FLIGHT) return count('rate_limited');
    const sending = this.publisher.publish(topic, payload, { qos: 1, timeoutMs: CONFIRM_TIMEOUT_MS }).then(
      () => {
        count('success');
        onConfirmed();
      },
      (error: unknown) => {
        count(resultOf(error));
        this.warning.warn(`A message of kind '${kind}' did not reach the broker.`, error as Error);
      },
    );
    this.inFlight.add(sending);
    void sending.finally(() => this.inFlight.delete(sending));
  }

  /** Resolves when the broker has the message (QoS 1 and 2) or the bytes are written (QoS 0). Rejects as `MqttPublisher.publish`. */
  async publish(
    kind: 'ack' | 'error' | 'command',
    topic: string,
    payload: Buffer,
    options: { readonly qos: 0 | 1 | 2; readonly retain: boolean; readonly signal: AbortSignal },
  ): Promise<void> {
    const messages = this.metrics.counter('bus_mqtt_downlink_messages_total');
    try {
      await this.publisher.publish(topic, payload, { ...options, timeoutMs: FORGET_AFTER_MS });
      messages.inc({ kind, result: 'success' });
    } catch (error) {
      messages.inc({ kind, result: options.signal.aborted ? 'timeout' : resultOf(error) });
      throw error;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_WORDS_MS);
    });
    await Promise.race([Promise.all(this.inFlight), timeout]);
    clearTimeout(timer);
    await this.client.endAsync(true);
  }
}

function resultOf(error: unknown): 'failure' | 'timeout' | 'unreachable' {
  if (error instanceof MqttUnavailableError) return 'unreachable';
  return error instanceof MqttPublishTimeoutError ? 'timeout' : 'failure';
}
