import { SEGMENT_PATTERN } from '@bus/payload-schemas';
import { ALL_TOPICS } from './topics.ts';
import type { TopicDefinition } from './topic-definition.ts';

/**
 * What a topic is. `unknown_topic`: no topic of the platform has this shape. `bad_segment`: the shape is known, but a
 * parameter breaks the rule for topic segments.
 */
export type TopicMatch =
  | {
      readonly ok: true;
      readonly topic: TopicDefinition;
      readonly params: Readonly<Record<string, string>>;
      /** The device, guard, sensor or system the topic belongs to. */
      readonly sourceId: string;
    }
  | { readonly ok: false; readonly reason: 'unknown_topic' | 'bad_segment'; readonly detail: string };

/** One level of a topic: a fixed word, or a parameter. */
type Level = { readonly literal: string } | { readonly param: string };

interface Shape {
  readonly topic: TopicDefinition;
  readonly levels: readonly Level[];
  /** Where in `levels` the source is named. */
  readonly sourceLevel: number;
}

const shapes: readonly Shape[] = ALL_TOPICS.map((topic) => {
  const levels = topic.template.split('/');
  return {
    topic,
    levels: levels.map((level) =>
      level.startsWith('{') ? { param: level.slice(1, -1) } : { literal: level },
    ),
    sourceLevel: levels.indexOf(`{${topic.sourceParam}}`),
  };
});

const MAX_LEVELS = Math.max(...shapes.map((shape) => shape.levels.length));

/** No topic that could match is longer; what is longer is not even taken apart. */
const MAX_TOPIC_LENGTH = 256;

const SEGMENT_RULE = 'a segment must be 1 to 64 letters, digits, - or _';

/**
 * Whose topic this is, by the broker's access rules: the device of `device/{deviceId}/…` whatever follows. Null when the
 * topic lies under no root of the fleet or the id breaks the rule for segments. For answering a refusal.
 */
export function sourceIdOf(topic: string): string | null {
  if (topic.length > MAX_TOPIC_LENGTH) return null;
  const segments = topic.split('/', MAX_LEVELS);
  for (const { levels, sourceLevel } of shapes) {
    const isOwnRoot = levels
      .slice(0, sourceLevel)
      .every((level, index) => !('literal' in level) || level.literal === segments[index]);
    const segment = segments[sourceLevel];
    if (isOwnRoot && segment !== undefined) return SEGMENT_PATTERN.test(segment) ? segment : null;
  }
  return null;
}

/** Looks a topic up in the catalog. Linear in the topic's length, bounded whatever comes in, never throws. */
export function matchTopic(topic: string): TopicMatch {
  if (topic.length > MAX_TOPIC_LENGTH) {
    return {
      ok: false,
      reason: 'unknown_topic',
      detail: `a topic has at most ${MAX_TOPIC_LENGTH} characters`,
    };
  }
  const segments = topic.split('/', MAX_LEVELS + 1);
  for (const shape of shapes) {
    if (hasShape(shape, segments)) return readParams(shape, segments);
  }
  return { ok: false, reason: 'unknown_topic', detail: 'no topic of this platform has this form' };
}

function hasShape(shape: Shape, segments: readonly string[]): boolean {
  if (segments.length !== shape.levels.length) return false;
  for (let index = 0; index < segments.length; index += 1) {
    const level = shape.levels[index] as Level;
    if ('literal' in level && level.literal !== segments[index]) return false;
  }
  return true;
}

function readParams(shape: Shape, segments: readonly string[]): TopicMatch {
  const params: Record<string, string> = {};
  for (let index = 0; index < segments.length; index += 1) {
    const level = shape.levels[index] as Level;
    if ('literal' in level) continue;
    const segment = segments[index] as string;
    if (!SEGMENT_PATTERN.test(segment)) {
      return { ok: false, reason: 'bad_segment', detail: `${level.param}: ${SEGMENT_RULE}` };
    }
    params[level.param] = segment;
  }
  return { ok: true, topic: shape.topic, params, sourceId: params[shape.topic.sourceParam] as string };
}
