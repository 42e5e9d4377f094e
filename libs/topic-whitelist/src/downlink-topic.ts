import { SEGMENT_PATTERN } from '@bus/payload-schemas';

export type DownlinkKind = 'command' | 'ack' | 'error';

/** The topic on which one device hears from the platform. Throws RangeError when the id is no topic segment. */
export function downlinkTopic(sourceId: string, kind: DownlinkKind): string {
  if (!SEGMENT_PATTERN.test(sourceId)) {
    throw new RangeError('a source id must be 1 to 64 letters, digits, - or _');
  }
  return `downlink/${sourceId}/${kind}`;
}
