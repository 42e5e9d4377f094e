import { Module } from '@nestjs/common';
import { CommandReplies } from './command-replies.ts';
import { ProcessCommandReply } from './process-command-reply.task.ts';

/** What devices answer to the commands they were sent. */
@Module({ providers: [CommandReplies, ProcessCommandReply] })
export class CommandsModule {}
