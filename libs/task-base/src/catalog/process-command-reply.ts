import { CommandReplyJob } from '@bus/payload-schemas';
import { defineTask } from '../tasks/define-task.ts';

/** Writes a device's answer to its command and tells the screens. */
export const PROCESS_COMMAND_REPLY = defineTask({
  name: 'process_command_reply',
  queue: 'high_priority',
  priority: 8,
  params: CommandReplyJob,
});
