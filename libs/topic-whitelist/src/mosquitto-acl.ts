import { DOWNLINK_TOPICS, INBOUND_ROOTS, INBOUND_TOPICS, topicFilter } from './topics.ts';
import type { TopicDefinition } from './topic-definition.ts';

export interface MosquittoAclOptions {
  /** The broker user of mqtt-ingest. Default `bus-ingest`. */
  readonly ingestUser?: string;
  /** The broker user of the processes that write to devices. Default `bus-worker`. */
  readonly workerUser?: string;
}

/**
 * The content of Mosquitto's `acl_file`: a device writes only its own topics and reads only `downlink/{itself}/#`;
 * the device's name is its broker user name. Everything that is not written here is denied.
 */
export function renderMosquittoAcl(options: MosquittoAclOptions = {}): string {
  const { ingestUser = 'bus-ingest', workerUser = 'bus-worker' } = options;
  return [
    '# Generated from the topic catalog; do not edit.',
    '# Devices: the broker user name is the device.',
    ...unique(INBOUND_TOPICS.map((topic) => `pattern write ${ownFilter(topic)}`)),
    'pattern read downlink/%u/#',
    '',
    `user ${ingestUser}`,
    ...INBOUND_ROOTS.map((root) => `topic read ${root}`),
    'topic read $SYS/#',
    'topic write downlink/+/error',
    '',
    `user ${workerUser}`,
    ...DOWNLINK_TOPICS.map((topic) => `topic write ${topicFilter(topic)}`),
    '',
  ].join('\n');
}

/**
 * The filter of a topic for one device. Topics of the device's own root are widened to the whole root, so that what it
 * writes beside its topics reaches ingest and is refused there with a reason.
 */
function ownFilter(topic: TopicDefinition): string {
  const levels = topic.template.split('/').map((level) => {
    if (level === `{${topic.sourceParam}}`) return '%u';
    return level.startsWith('{') ? '+' : level;
  });
  const ownLevel = levels.indexOf('%u');
  return ownLevel === levels.length - 1
    ? levels.join('/')
    : [...levels.slice(0, ownLevel + 1), '#'].join('/');
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)];
}
