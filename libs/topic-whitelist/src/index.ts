export type {
  DownlinkTopic,
  InboundTopic,
  TopicClass,
  TopicDefinition,
  TopicDirection,
  TopicName,
} from './topic-definition.ts';
export {
  ALL_TOPICS,
  DOWNLINK_TOPICS,
  INBOUND_ROOTS,
  INBOUND_TOPICS,
  MAX_TOPIC_BYTES,
  TOPICS,
  topicFilter,
} from './topics.ts';
export { matchTopic, sourceIdOf } from './match-topic.ts';
export type { TopicMatch } from './match-topic.ts';
export { downlinkTopic } from './downlink-topic.ts';
export type { DownlinkKind } from './downlink-topic.ts';
export { renderMosquittoAcl } from './mosquitto-acl.ts';
export type { MosquittoAclOptions } from './mosquitto-acl.ts';
