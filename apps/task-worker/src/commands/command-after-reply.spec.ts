import type { CommandReplyJob } from '@bus/payload-schemas';
import { describe, expect, it } from 'vitest';
import { commandAfterReply } from './command-after-reply.ts';
import type { CommandState } from './command-after-reply.ts';

const AT = '2026-01-01T00:00:05.000Z';
const command = (changes: Partial<CommandState> = {}): CommandState => ({
  status: 'sent',
  deliveredAt: null,
  finishedAt: null,
  result: null,
  reason: null,
  ...changes,
});
const reply = (changes: Partial<CommandReplyJob> = {}): CommandReplyJob => ({
  message_id: 'm-1',
  device_id: 'dev-1',
  command_id: 1,
  status: 'succeeded',
  device_time: null,
  received_at: AT,
  clock_suspect: false,
  raw: {},
  ...changes,
});

describe('commandAfterReply', () => {
  it('marks a command the device has received', () => {
    expect(commandAfterReply(command(), reply({ status: 'received' }))).toMatchObject({
      status: 'delivered',
      deliveredAt: new Date(AT),
      finishedAt: null,
    });
  });

  it.each(['succeeded', 'failed', 'rejected'] as const)('ends a command that %s', (status) => {
    expect(commandAfterReply(command(), reply({ status, result: { code: 3 }, reason: 'because' }))).toEqual({
      status,
      deliveredAt: new Date(AT),
      finishedAt: new Date(AT),
      result: { code: 3 },
      reason: 'because',
    });
  });

  it('never moves back', () => {
    expect(commandAfterReply(command({ status: 'delivered' }), reply({ status: 'received' }))).toBeNull();
    expect(commandAfterReply(command({ status: 'succeeded' }), reply({ status: 'received' }))).toBeNull();
  });

  it('is not changed by the same end twice', () => {
    expect(commandAfterReply(command({ status: 'succeeded' }), reply())).toBeNull();
  });

  it.each(['expired', 'cancelled', 'failed'] as const)(
    'keeps what a device says after the command has %s',
    (status) => {
      const finishedAt = new Date('2026-01-01T00:00:01.000Z');
      const after = commandAfterReply(
        command({ status, finishedAt, reason: 'too late' }),
        reply({ result: 'done' }),
      );
      expect(after).toEqual({
        status,
        deliveredAt: null,
        finishedAt,
        reason: 'too late',
        result: { late_reply: { status: 'succeeded', result: 'done', reason: null, received_at: AT } },
      });
      expect(commandAfterReply(after as CommandState, reply({ result: 'done' }))).toBeNull();
    },
  );
});
