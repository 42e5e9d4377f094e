import { jsonSchemaOf, type JsonSchema } from '@bus/payload-schemas';
import { ALL_TOPICS, type TopicDefinition } from '@bus/topic-whitelist';

import { GENERATED_NOTE } from './generated-note.ts';
import { code, markdownTable } from './markdown.ts';

/** The reference page of all MQTT topics, with the fields of their payloads. */
export function renderTopicsPage(): string {
  const overview = ALL_TOPICS.map((topic) => [
    code(topic.template),
    topic.direction,
    String(topic.qos),
    `${topic.maxBytes / 1024} KiB`,
    topic.direction === 'inbound' ? code(topic.taskName) : '',
  ]);
  return [
    `<!-- ${GENERATED_NOTE} -->`,
    '',
    '# MQTT topics',
    '',
    'A segment is `[A-Za-z0-9_-]{1,64}`. The broker user name is the device: it writes only its own topics and reads only',
    '`downlink/{itself}/#`. Payloads are JSON objects; unknown fields are kept. A message is identified by the MQTT 5 user',
    'property `message_id`, else the field `id`, else the hash of topic and payload.',
    '',
    ...markdownTable(['topic', 'direction', 'QoS', 'at most', 'task'], overview),
    '',
    ...ALL_TOPICS.flatMap((topic) => payloadSection(topic)),
  ].join('\n');
}

function payloadSection(topic: TopicDefinition): string[] {
  const schema = jsonSchemaOf(topic.payload);
  const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
  const required = new Set((schema['required'] ?? []) as string[]);
  const rows = Object.entries(properties).map(([name, field]) => [
    code(name),
    required.has(name) ? 'yes' : '',
    describe(field),
  ]);
  return [`## ${code(topic.template)}`, '', ...markdownTable(['field', 'required', 'value'], rows), ''];
}

function describe(schema: JsonSchema): string {
  const alternatives = schema['anyOf'] as JsonSchema[] | undefined;
  if (alternatives) {
    return alternatives
      .filter(({ type }) => type !== 'null')
      .map(describe)
      .join(' or ');
  }
  const choices = schema['enum'] as string[] | undefined;
  if (choices) return choices.join(', ');
  const { type, minimum, maximum, maxLength } = schema as {
    type?: string;
    minimum?: number;
    maximum?: number;
    maxLength?: number;
  };
  if (minimum !== undefined && maximum !== undefined) return `${type} from ${minimum} to ${maximum}`;
  if (maxLength !== undefined) return `${type} of at most ${maxLength} characters`;
  return type ?? 'any';
}
