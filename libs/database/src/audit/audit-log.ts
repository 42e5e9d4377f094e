import { Inject, Injectable } from '@nestjs/common';
import { POSTGRES_POOL } from '@bus/platform';
import type { Kysely, Selectable } from 'kysely';
import type { Pool } from 'pg';
import { withinScope, type AccessScope } from '../access/access-scope.ts';
import type { AuditLogTable, Database } from '../schema/database-schema.ts';
import { kyselyOver } from '../schema/kysely.ts';
import { storableJson, storableText, storableTextOrNull } from '../storable-values.ts';

/** Who did what to which thing. Put no secrets into `details`: the log keeps them for ever. */
export interface AuditEntry {
  /** Null: the platform itself. */
  readonly actorUserId: number | null;
  /** Past tense and stable, e.g. `alert_acknowledged`. */
  readonly action: string;
  /** e.g. `alert`. */
  readonly subjectType: string;
  readonly subjectId: string;
  readonly tenantId?: number | null;
  readonly clientId?: number | null;
  readonly correlationId?: string;
  readonly details?: Record<string, unknown>;
}

export interface AuditLine extends Required<Omit<AuditEntry, 'correlationId'>> {
  readonly auditId: number;
  readonly at: string;
  readonly correlationId: string | null;
}

/** The audit trail. It takes new lines only; Postgres refuses to change or delete one. */
@Injectable()
export class AuditLog {
  readonly #db: Kysely<Database>;

  constructor(@Inject(POSTGRES_POOL) pool: Pool) {
    this.#db = kyselyOver(pool);
  }

  /** Writes one line, durable when it resolves. Changes that must not happen without their line write it themselves. */
  record(entry: AuditEntry): Promise<void> {
    return writeAuditLine(this.#db, entry);
  }

  /** The lines about one thing, latest first, at most `limit`. */
  async list(request: {
    subjectType: string;
    subjectId: string;
    scope: AccessScope;
    limit: number;
  }): Promise<AuditLine[]> {
    const rows = await this.#db
      .selectFrom('audit_log')
      .selectAll()
      .where('subject_type', '=', request.subjectType)
      .where('subject_id', '=', request.subjectId)
      .where(withinScope(request.scope, { tenantId: 'audit_log.tenant_id', clientId: 'audit_log.client_id' }))
      .orderBy('id', 'desc')
      .limit(request.limit)
      .execute();
    return rows.map(lineOf);
  }

  /** The lines of one piece of work, latest first, at most `limit`. For the platform's own people. */
  async listByCorrelation(correlationId: string, limit: number): Promise<AuditLine[]> {
    const rows = await this.#db
      .selectFrom('audit_log')
      .selectAll()
      .where('correlation_id', '=', storableText(correlationId))
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.map(lineOf);
  }
}

function lineOf(row: Selectable<AuditLogTable>): AuditLine {
  return {
    auditId: Number(row.id),
    at: row.at.toISOString(),
    actorUserId: row.actor_user_id,
    action: row.action,
    subjectType: row.subject_type,
    subjectId: row.subject_id,
    tenantId: row.tenant_id,
    clientId: row.client_id,
    correlationId: row.correlation_id,
    details: row.details,
  };
}

/** Writes the line with the given connection, so that it stands or falls with the change it tells of. */
export async function writeAuditLine(db: Kysely<Database>, entry: AuditEntry): Promise<void> {
  await db
    .insertInto('audit_log')
    .values({
      actor_user_id: entry.actorUserId,
      action: entry.action,
      subject_type: entry.subjectType,
      subject_id: storableText(entry.subjectId),
      tenant_id: entry.tenantId ?? null,
      client_id: entry.clientId ?? null,
      correlation_id: storableTextOrNull(entry.correlationId),
      details: storableJson(entry.details ?? {}),
    })
    .execute();
}
