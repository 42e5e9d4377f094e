import { Injectable } from '@nestjs/common';
import { Server } from '@nestjs/microservices';
import type { CustomTransportStrategy, MessageHandler } from '@nestjs/microservices';
import { RuntimeSettings } from '@bus/platform';
import type { MqttPublishPacket } from '@bus/platform';
import { INBOUND_TOPICS, matchTopic, sourceIdOf, topicFilter } from '@bus/topic-whitelist';
import type { InboundTopic } from '@bus/topic-whitelist';
import { checkMessage } from '../checks/check-message.ts';
import type { CheckedMessage, ReceivedMessage } from '../checks/check-message.ts';
import type { Refusal } from '../checks/refusal.ts';
import { EnqueueLanes } from '../lanes/enqueue-lanes.ts';
import type { Claim, LaneOutcome } from '../lanes/lane-item.ts';
import { IngestMetrics } from '../metrics/ingest-metrics.ts';
import type { IngestTopicClass, ReceivedResult } from '../metrics/ingest-metrics.ts';
import { ExpressAlerts } from '../alerts/express-alerts.ts';
import { Refusals } from '../refusals/refusals.ts';
import { IngestSettings } from '../settings.ts';
import type { HeldAck } from './ack-ledger.ts';
import { Broker } from './broker.ts';

/** Until then an app without a broker is told apart from one that is merely starting. */
const FIRST_CONNECTION_MS = 10_000;

/** What a device is told when the platform itself is at fault. */
const DEFECT = 'the platform could not process this message; it is kept and will be looked at';

/** Leaves the rest of the shutdown deadline for leaving the broker and closing connections. */
const DRAIN_SHARE = 0.6;

/** Telling about refused messages is worth a moment, but not the orderly end. */
const LEFTOVERS_DRAIN_MS = 2_000;

/**
 * Nest's transport for messages from devices. Nest's own MQTT transport acknowledges before the handler is done, reads
 * payloads as text and takes some of them apart; this one checks every message, passes it to its handler as it came, and
 * acknowledges it when the handler's result says that it is enqueued.
 */
@Injectable()
export class HeldAckMqttServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('held-ack-mqtt');
  override readonly propagatesEventHandlerErrors = true;
  private readonly handlers = new Map<InboundTopic, MessageHandler>();

  constructor(
    private readonly broker: Broker,
    private readonly lanes: EnqueueLanes,
    private readonly express: ExpressAlerts,
    private readonly refusals: Refusals,
    private readonly metrics: IngestMetrics,
    private readonly settings: IngestSettings,
    private readonly runtime: RuntimeSettings,
  ) {
    super();
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    let problem: unknown;
    try {
      this.findHandlers();
      await this.connect();
    } catch (error) {
      problem = error;
    }
    callback(problem);
  }

  /** Stops taking, gives the lanes time to hand over what is in memory, and leaves the broker with its session kept. */
  async close(): Promise<void> {
    this.broker.stopTaking();
    const drained = await this.lanes.drain(this.runtime.SHUTDOWN_DEADLINE_MS * DRAIN_SHARE);
    if (!drained) {
      this.logger.warn(
        'Some messages could not be enqueued in time; the broker keeps them and delivers them again.',
      );
    }
    await Promise.all([this.express.drain(LEFTOVERS_DRAIN_MS), this.refusals.drain(LEFTOVERS_DRAIN_MS)]);
    await this.broker.close();
  }

  on(): never {
    throw new Error('This transport has no events to listen to; see the metrics bus_mqtt_*.');
  }

  unwrap<T>(): T {
    throw new Error(
      'This transport does not give its client away: whoever acknowledged past it would lose messages.',
    );
  }

  /** Every topic must have exactly one handler: without one its messages would be lost, with two nobody could say when to acknowledge. */
  private findHandlers(): void {
    const problems: string[] = [];
    for (const topic of INBOUND_TOPICS) {
      const handler = this.messageHandlers.get(topicFilter(topic));
      if (handler === undefined) problems.push(`${topic.template} has no handler`);
      else if (handler.next !== undefined) problems.push(`${topic.template} has more than one handler`);
      else this.handlers.set(topic, handler);
    }
    if (problems.length > 0) {
      throw new Error(
        `Ingest cannot start: ${problems.join('; ')}. A handler is a method with @EventPattern<string>(topicFilter(TOPICS.…)).`,
      );
    }
  }

  private handlerOf(topic: InboundTopic): MessageHandler {
    const handler = this.handlers.get(topic);
    if (handler === undefined) throw new Error(`${topic.template} has no handler`);
    return handler;
  }

  private async connect(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FIRST_CONNECTION_MS);
    });
    await Promise.race([this.broker.open((packet, ack) => this.receive(packet, ack)), patience]);
    clearTimeout(timer);
  }

  /** Never throws: a message that breaks a check unforeseen would come again after a crash, and crash the next process too. */
  private receive(packet: MqttPublishPacket, ack: HeldAck): void {
    const startedMs = performance.now();
    const received: ReceivedMessage = {
      topic: packet.topic,
      payload: Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload),
      messageIdProperty: packet.properties?.userProperties?.['message_id'],
      receivedAt: new Date(),
    };
    try {
      this.take(received, packet.qos, ack, startedMs);
    } catch (error) {
      this.logger.error(`A message on ${topicClassOf(received.topic)} could not be checked.`, error);
      const sourceId = sourceIdOf(received.topic);
      this.refuse(
        { ...received, code: 'schema', reason: DEFECT, sourceId, messageId: null },
        packet.qos,
        ack,
        startedMs,
      );
    }
  }

  private take(received: ReceivedMessage, qos: number, ack: HeldAck, startedMs: number): void {
    const check = checkMessage(received, this.settings.INGEST_MAX_MESSAGE_BYTES);
    if (!check.ok) {
      this.metrics.messageReceived(topicClassOf(received.topic), received.payload.length);
      this.refuse(check.refusal, qos, ack, startedMs);
      return;
    }
    const { message } = check;
    // On its way before it is counted.
    void this.finish(message, received.payload, qos, ack, startedMs);
    const { topicClass } = message.definition;
    this.metrics.messageReceived(topicClass, message.bytes);
    if (message.clockSuspect) this.metrics.clockSuspect(topicClass);
  }

  private async finish(
    message: CheckedMessage,
    payload: Buffer,
    qos: number,
    ack: HeldAck,
    startedMs: number,
  ): Promise<void> {
    const outcome = await this.handle(message, ack);
    if (outcome.kind === 'unusable') {
      this.refuse(refusalOf(message, payload, outcome.reason), qos, ack, startedMs);
      return;
    }
    if (outcome.kind === 'enqueued') ack.settle();
    else ack.release();
    this.metrics.messageDone(message.definition.topicClass, qos, resultOf(outcome, qos), startedMs);
  }

  /** Never rejects: a message whose handler fails unforeseen is set aside, not tried for ever in front of all the others. */
  private async handle(message: CheckedMessage, claim: Claim): Promise<LaneOutcome> {
    try {
      return await this.handlerOf(message.definition)(message, claim);
    } catch (error) {
      this.logger.error(`The handler of ${message.definition.template} failed.`, error);
      return { kind: 'unusable', reason: DEFECT };
    }
  }

  /** A refused message is finished: it is acknowledged, whatever becomes of telling about it. */
  private refuse(refusal: Refusal, qos: number, ack: HeldAck, startedMs: number): void {
    ack.settle();
    this.metrics.messageDone(topicClassOf(refusal.topic), qos, 'refused', startedMs);
    this.refusals.report(refusal);
  }
}

function topicClassOf(topic: string): IngestTopicClass {
  const match = matchTopic(topic);
  return match.ok ? match.topic.topicClass : 'unknown';
}

function resultOf(outcome: LaneOutcome, qos: number): ReceivedResult {
  if (outcome.kind !== 'enqueued') return qos === 0 ? 'dropped' : 'redelivery_expected';
  return outcome.duplicate ? 'duplicate' : 'enqueued';
}

function refusalOf(message: CheckedMessage, payload: Buffer, reason: string): Refusal {
  const { topic, sourceId, messageId, receivedAt } = message;
  return { code: 'schema', reason, topic, sourceId, messageId, payload, receivedAt };
}
