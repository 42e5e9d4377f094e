import { Inject, Injectable } from '@nestjs/common';
import { kyselyOver } from '@bus/database';
import type { CommandReplyJob } from '@bus/payload-schemas';
import { POSTGRES_POOL } from '@bus/platform';
import { commandAfterReply } from './command-after-reply.ts';
import type { CommandStatus } from './command-after-reply.ts';

type Pool = Parameters<typeof kyselyOver>[0];

/** A command as browsers see it. */
export interface CommandView {
  readonly command_id: number;
  readonly device_id: number;
  readonly client_id: number | null;
  readonly name: string;
  readonly status: CommandStatus;
  readonly issued_at: string;
  readonly expires_at: string;
  readonly delivered_at: string | null;
  readonly finished_at: string | null;
  readonly result: unknown;
  readonly reason: string | null;
}

/** `unknown`: there is no such command of this device. Otherwise the command as it is now, and whether the reply changed it. */
export type ReplyOutcome =
  | { readonly known: false }
  | { readonly known: true; readonly command: CommandView; readonly changed: boolean };

/** Writes devices' answers into their commands. */
@Injectable()
export class CommandReplies {
  private readonly db: ReturnType<typeof kyselyOver>;

  constructor(@Inject(POSTGRES_POOL) pool: Pool) {
    this.db = kyselyOver(pool);
  }

  /** Committed when it resolves; the same reply again changes nothing. A device can answer its own commands only. */
  record(reply: CommandReplyJob): Promise<ReplyOutcome> {
    return this.db.transaction().execute(async (transaction) => {
      const row = await transaction
        .selectFrom('commands')
        .innerJoin('devices', 'devices.id', 'commands.device_id')
        .selectAll('commands')
        .where('commands.id', '=', String(reply.command_id))
        .where('devices.external_id', '=', reply.device_id)
        .forUpdate('commands')
        .executeTakeFirst();
      if (row === undefined) return { known: false };
      const before = {
        status: row.status as CommandStatus,
        deliveredAt: row.delivered_at,
        finishedAt: row.finished_at,
        result: row.result,
        reason: row.reason,
      };
      const after = commandAfterReply(before, reply);
      if (after !== null) {
        await transaction
          .updateTable('commands')
          .set({
            status: after.status,
            delivered_at: after.deliveredAt,
            finished_at: after.finishedAt,
            result: after.result === null ? null : JSON.stringify(after.result),
            reason: after.reason,
          })
          .where('id', '=', row.id)
          .execute();
      }
      const { status, deliveredAt, finishedAt, result, reason } = after ?? before;
      const command: CommandView = {
        command_id: Number(row.id),
        device_id: row.device_id,
        client_id: row.client_id,
        name: row.name,
        status,
        issued_at: row.issued_at.toISOString(),
        expires_at: row.expires_at.toISOString(),
        delivered_at: deliveredAt?.toISOString() ?? null,
        finished_at: finishedAt?.toISOString() ?? null,
        result,
        reason,
      };
      return { known: true, command, changed: after !== null };
    });
  }
}
