import type { CommandReplyJob } from '@bus/payload-schemas';

export type CommandStatus =
  'queued' | 'sent' | 'delivered' | 'succeeded' | 'failed' | 'rejected' | 'expired' | 'cancelled';

/** The part of a command that a reply may change. */
export interface CommandState {
  readonly status: CommandStatus;
  readonly deliveredAt: Date | null;
  readonly finishedAt: Date | null;
  readonly result: unknown;
  readonly reason: string | null;
}

const OPEN: readonly CommandStatus[] = ['queued', 'sent', 'delivered'];

/**
 * What a device's reply makes of its command; null when it says nothing new. A command only moves forward and ends once: a reply
 * that comes after the end changes no status, but what the device says it did is kept in `result` when nothing is there yet.
 */
export function commandAfterReply(command: CommandState, reply: CommandReplyJob): CommandState | null {
  const at = new Date(reply.received_at);
  if (!OPEN.includes(command.status)) return keepLateReply(command, reply);
  if (reply.status === 'received') {
    return command.status === 'delivered' ? null : { ...command, status: 'delivered', deliveredAt: at };
  }
  return {
    status: reply.status,
    deliveredAt: command.deliveredAt ?? at,
    finishedAt: at,
    result: reply.result ?? null,
    reason: reply.reason ?? null,
  };
}

function keepLateReply(command: CommandState, reply: CommandReplyJob): CommandState | null {
  if (reply.status === 'received' || reply.status === command.status || command.result !== null) return null;
  const { status, result = null, reason = null, received_at } = reply;
  return { ...command, result: { late_reply: { status, result, reason, received_at } } };
}
