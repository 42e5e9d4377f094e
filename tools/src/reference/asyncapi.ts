import {
  CLIENT_REQUESTS,
  EVENT_TYPES,
  EventEnvelope,
  jsonSchemaOf,
  type JsonSchema,
  type PayloadClass,
} from '@bus/payload-schemas';
import { QUEUES, TASK_CATALOG, type TaskDefinition } from '@bus/task-base';
import { ALL_TOPICS, type TopicDefinition } from '@bus/topic-whitelist';
import { stringify } from 'yaml';

import { GENERATED_NOTE } from './generated-note.ts';

interface Channel {
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly servers: { $ref: string }[];
  readonly parameters?: Record<string, object>;
  readonly messages: Record<string, { $ref: string }>;
}

interface Document {
  readonly channels: Record<string, Channel>;
  readonly operations: Record<string, object>;
  readonly messages: Record<string, object>;
  readonly schemas: Record<string, JsonSchema>;
}

/** Name of the one WebSocket channel; all Socket.IO events travel on it. */
const BROWSER_CHANNEL = 'browser';

/**
 * The AsyncAPI 3.0 document of the bus, from the catalogs the code itself runs on: every MQTT topic, every Socket.IO event
 * in both directions, and every task queue, each exactly once.
 */
export function renderAsyncApi(version: string): string {
  const document: Document = { channels: {}, operations: {}, messages: {}, schemas: {} };
  for (const topic of ALL_TOPICS) addTopic(document, topic);
  addBrowserEvents(document);
  for (const task of TASK_CATALOG) addTask(document, task);
  const { channels, operations, messages, schemas } = document;
  const body = stringify(
    {
      asyncapi: '3.0.0',
      info: {
        title: 'Message bus',
        version,
        description:
          'Everything that crosses the bus: device messages over MQTT, browser events over Socket.IO, jobs in task queues.',
      },
      defaultContentType: 'application/json',
      servers: SERVERS,
      channels,
      operations,
      components: { messages, schemas },
    },
    { lineWidth: 110, aliasDuplicateObjects: false },
  );
  return `# ${GENERATED_NOTE}\n${body}`;
}

const SERVERS = {
  mqtt: {
    host: '{address}:{port}',
    protocol: 'mqtt',
    protocolVersion: '5.0',
    description: 'The device broker. The user name is the device; TLS in production.',
    variables: { address: { default: 'localhost' }, port: { default: '8883' } },
  },
  gateway: {
    host: '{address}',
    protocol: 'wss',
    description: 'Socket.IO 4 over WebSocket only (path /socket.io/).',
    variables: { address: { default: 'localhost' } },
  },
  redis: {
    host: '{address}:{port}',
    protocol: 'redis',
    description: 'Task queues (BullMQ). Internal: only processes of the bus connect.',
    variables: { address: { default: 'localhost' }, port: { default: '6379' } },
  },
};

function addTopic(document: Document, topic: TopicDefinition): void {
  const parameters = [...topic.template.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  document.channels[topic.name] = {
    address: topic.template,
    title: topic.template,
    description:
      topic.direction === 'inbound'
        ? `Written by devices; becomes the task ${topic.taskName}. At most ${topic.maxBytes} bytes.`
        : `Written by the platform, read by one device. At most ${topic.maxBytes} bytes.`,
    servers: [{ $ref: '#/servers/mqtt' }],
    parameters: Object.fromEntries(
      parameters.map((name) => [
        name,
        { description: 'One segment of letters, digits, _ and -, at most 64.' },
      ]),
    ),
    messages: { [topic.name]: messageRef(topic.name) },
  };
  document.operations[topic.name] = {
    action: topic.direction === 'inbound' ? 'receive' : 'send',
    channel: { $ref: `#/channels/${topic.name}` },
    bindings: { mqtt: { qos: topic.qos, retain: false, bindingVersion: '0.2.0' } },
  };
  addMessage(document, topic.name, topic.payload);
}

function addBrowserEvents(document: Document): void {
  const events = EVENT_TYPES.map((type) => `event_${type}`);
  const requests = Object.entries(CLIENT_REQUESTS).map(([name, payload]) => {
    addMessage(document, `request_${name}`, payload, name);
    return `request_${name}`;
  });
  document.schemas[EventEnvelope.name] = jsonSchemaOf(EventEnvelope);
  for (const type of EVENT_TYPES) {
    document.messages[`event_${type}`] = {
      name: type,
      payload: {
        allOf: [schemaRef(EventEnvelope), { type: 'object', properties: { type: { const: type } } }],
      },
    };
  }
  document.channels[BROWSER_CHANNEL] = {
    address: '/socket.io/',
    title: 'Browser events',
    description:
      'The name of the Socket.IO event is the name of the message. Client events are answered by acknowledgement.',
    servers: [{ $ref: '#/servers/gateway' }],
    messages: Object.fromEntries([...events, ...requests].map((name) => [name, messageRef(name)])),
  };
  const channel = { $ref: `#/channels/${BROWSER_CHANNEL}` };
  const onChannel = (name: string): object => ({ $ref: `#/channels/${BROWSER_CHANNEL}/messages/${name}` });
  document.operations['browser_events'] = { action: 'send', channel, messages: events.map(onChannel) };
  document.operations['browser_requests'] = { action: 'receive', channel, messages: requests.map(onChannel) };
}

function addTask(document: Document, task: TaskDefinition): void {
  const queue = QUEUES[task.queue];
  const name = `task_${task.name}`;
  document.channels[name] = {
    address: task.queue,
    title: task.name,
    description: `Task ${task.name} on the queue ${task.queue}.`,
    servers: [{ $ref: '#/servers/redis' }],
    messages: { [name]: messageRef(name) },
  };
  document.operations[name] = {
    action: 'receive',
    channel: { $ref: `#/channels/${name}` },
    'x-bullmq': {
      queue: task.queue,
      priority: task.priority,
      retries: task.retry.retries,
      backoffMs: task.retry.backoffMs,
      softLimitMs: task.softLimitMs,
      hardLimitMs: task.hardLimitMs,
      concurrency: queue.concurrency,
      maxJobBytes: queue.maxJobBytes,
    },
  };
  addMessage(document, name, task.params, task.name);
}

function addMessage(document: Document, id: string, payload: PayloadClass, name: string = id): void {
  document.schemas[payload.name] = jsonSchemaOf(payload);
  document.messages[id] = { name, payload: schemaRef(payload) };
}

function messageRef(name: string): { $ref: string } {
  return { $ref: `#/components/messages/${name}` };
}

function schemaRef(payload: PayloadClass): { $ref: string } {
  return { $ref: `#/components/schemas/${payload.name}` };
}
