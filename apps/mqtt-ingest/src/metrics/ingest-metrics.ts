import { Injectable } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import type { TopicClass } from '@bus/topic-whitelist';
import { REFUSAL_LABEL } from '../checks/refusal.ts';
import type { RefusalCode } from '../checks/refusal.ts';

/** What became of a received message. `dropped` is only possible at QoS 0, which promises nothing. */
export type ReceivedResult = 'enqueued' | 'duplicate' | 'refused' | 'redelivery_expected' | 'dropped';

/** The topic class of messages whose topic is none of the platform's. */
export type IngestTopicClass = TopicClass | 'unknown';

/** The figures of this process, by their meaning here. */
@Injectable()
export class IngestMetrics {
  private readonly received;
  private readonly rejected;
  private readonly bytes;
  private readonly clockSuspects;
  private readonly holdSeconds;
  private readonly downlinks;
  private readonly quarantined;
  /** Looking a label combination up anew costs more than counting; there are only a handful of them. */
  private readonly counters = new Map<string, { inc(value?: number): void }>();

  constructor(metrics: Metrics) {
    this.received = metrics.counter('bus_mqtt_messages_received_total');
    this.rejected = metrics.counter('bus_mqtt_messages_rejected_total');
    this.bytes = metrics.counter('bus_mqtt_message_bytes_total');
    this.clockSuspects = metrics.counter('bus_mqtt_clock_suspect_total');
    this.holdSeconds = metrics.histogram('bus_mqtt_ack_hold_seconds');
    this.downlinks = metrics.counter('bus_mqtt_downlink_messages_total');
    this.quarantined = metrics.counter('bus_mqtt_quarantined_total');
  }

  messageReceived(topicClass: IngestTopicClass, bytes: number): void {
    this.counter(`bytes ${topicClass}`, () => this.bytes.labels({ topic_class: topicClass })).inc(bytes);
  }

  messageDone(topicClass: IngestTopicClass, qos: number, result: ReceivedResult, sinceMs: number): void {
    this.counter(`done ${topicClass} ${qos} ${result}`, () =>
      this.received.labels({ topic_class: topicClass, qos: String(qos), result }),
    ).inc();
    this.holdSeconds.observe({ topic_class: topicClass }, (performance.now() - sinceMs) / 1000);
  }

  messageRefused(code: RefusalCode): void {
    this.rejected.inc({ reason: REFUSAL_LABEL[code] });
  }

  clockSuspect(topicClass: IngestTopicClass): void {
    this.clockSuspects.inc({ topic_class: topicClass });
  }

  errorAnswer(result: 'success' | 'failure' | 'rate_limited'): void {
    this.downlinks.inc({ kind: 'error', result });
  }

  quarantine(result: 'kept' | 'dropped'): void {
    this.quarantined.inc({ result });
  }

  private counter(key: string, create: () => { inc(value?: number): void }): { inc(value?: number): void } {
    let counter = this.counters.get(key);
    if (counter === undefined) {
      counter = create();
      this.counters.set(key, counter);
    }
    return counter;
  }
}
