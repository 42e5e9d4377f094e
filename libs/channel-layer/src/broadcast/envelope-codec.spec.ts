import type { EventType } from '@bus/payload-schemas';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeEnvelope, InvalidBroadcastError } from './envelope-codec.ts';

const broadcast = {
  groupName: 'user_1',
  messageType: 'task_complete' as EventType,
  data: { n: 1 } as object,
  priority: 'normal' as const,
  taskId: null,
  taskName: null,
  timestamp: '2026-01-01T00:00:00.000Z',
};
const place = { group: 'user_1', epoch: 'e', offset: 3 };

describe('the event envelope', () => {
  it('gets its place when it is opened', () => {
    expect(decodeEnvelope(Buffer.from(encodeEnvelope(broadcast)), place)).toEqual({
      type: 'task_complete',
      data: { n: 1 },
      priority: 'normal',
      timestamp: '2026-01-01T00:00:00.000Z',
      task_id: null,
      task_name: null,
      group: 'user_1',
      epoch: 'e',
      offset: '3',
    });
  });

  const circular: Record<string, unknown> = {};
  circular.self = circular;
  it.each([
    ['an empty group', { groupName: '' }],
    ['no group', { groupName: undefined as unknown as string }],
    ['an empty type', { messageType: '' as EventType }],
    ['a name Socket.IO needs', { messageType: 'disconnect' as EventType }],
    ['a name the gateway needs', { messageType: 'subscribed' as EventType }],
    ['data that is no object', { data: 'text' as unknown as object }],
    ['circular data', { data: circular }],
    ['a BigInt', { data: { big: 1n } }],
    ['too much', { data: { text: 'x'.repeat(65_536) } }],
  ])('refuses %s', (_what, change) => {
    expect(() => encodeEnvelope({ ...broadcast, ...change })).toThrow(InvalidBroadcastError);
  });

  it.each(['', 'null', '[]', '"text"', '{"type":1,"group":"user_1"}', '{"type":"x","group":"user_2"}', '{'])(
    'does not decode %j',
    (text) => {
      expect(decodeEnvelope(Buffer.from(text), place)).toBeUndefined();
    },
  );
});
