import { createHash } from 'node:crypto';
import { nocClientGroup, nocDashboardGroup } from '@bus/payload-schemas';
import type { CommandReplyJob, GroupName } from '@bus/payload-schemas';
import { BroadcastTask, PROCESS_COMMAND_REPLY, Task } from '@bus/task-base';
import type { TaskContext } from '@bus/task-base';
import { CommandReplies } from './command-replies.ts';
import type { CommandView } from './command-replies.ts';

/** Writes a device's answer into its command and shows the change. An answer to no command of that device is only logged. */
@Task(PROCESS_COMMAND_REPLY)
export class ProcessCommandReply extends BroadcastTask<CommandReplyJob, { known: boolean }> {
  constructor(private readonly replies: CommandReplies) {
    super();
  }

  async run(reply: CommandReplyJob, ctx: TaskContext): Promise<{ known: boolean }> {
    const outcome = await this.replies.record(reply);
    if (!outcome.known) {
      ctx.logger.warn(`${reply.device_id} answers command ${reply.command_id}, which is not one of its own`);
      return { known: false };
    }
    if (outcome.changed || ctx.isRedelivery) await this.show(outcome.command, reply);
    return { known: true };
  }

  private async show(command: CommandView, reply: CommandReplyJob): Promise<void> {
    const identity = JSON.stringify([reply.device_id, reply.message_id, 'command_updated']);
    const eventId = createHash('sha256').update(identity).digest('base64url');
    const groups: GroupName[] = [nocDashboardGroup()];
    if (command.client_id !== null) groups.push(nocClientGroup(command.client_id));
    await this.broadcastMany(
      groups.map((groupName) => ({ groupName, messageType: 'command_updated', data: command, eventId })),
    );
  }
}
