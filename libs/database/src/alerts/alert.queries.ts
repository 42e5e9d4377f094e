import { Inject, Injectable, Optional } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { POSTGRES_POOL } from '@bus/platform';
import type { AlertSeverity, AlertStatus, AlertView } from '@bus/payload-schemas';
import { sql, type Kysely } from 'kysely';
import type { Pool } from 'pg';
import type { AccessScope } from '../access/access-scope.ts';
import type { Database } from '../schema/database-schema.ts';
import { measuredQuery } from '../schema/measured-query.ts';
import { kyselyOver } from '../schema/kysely.ts';
import { storableTime } from '../storable-values.ts';
import { AlertError, alertNotFound } from './alert.errors.ts';
import { changeAlert, type AlertChange, type AlertChangeResult, type ChangedStatus } from './alert-change.ts';
import { decodeAlertCursor, encodeAlertCursor } from './alert-cursor.ts';
import {
  INSERT_ALERT,
  INSERT_ALERTS,
  insertAlertParameters,
  insertAlertsParameters,
  type AlertToStore,
} from './alert-insert.ts';
import { urgencyRange } from './alert-urgency.ts';
import { alertViewOf, alertViews, type AlertViewRow } from './alert-view.ts';
import { newAlertView } from './new-alert-view.ts';

/** How one row of a batch fared. `row` is what Postgres holds now, which for a duplicate is the first one's row. */
export interface StoredAlert {
  readonly row: AlertView;
  /** True for the row this call put in; false for one that was there before or stands earlier in the same batch. */
  readonly inserted: boolean;
}

export interface AlertListRequest {
  readonly scope: AccessScope;
  readonly status?: AlertStatus;
  readonly severity?: AlertSeverity;
  readonly clientId?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  /** 1 to 500. */
  readonly limit: number;
}

export interface AlertPage {
  readonly alerts: AlertView[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

const MAX_PAGE_SIZE = 500;

/** Alerts in Postgres. A method that returns has committed, durably except where it says otherwise. */
@Injectable()
export class AlertQueries {
  readonly #db: Kysely<Database>;

  constructor(
    @Inject(POSTGRES_POOL) private readonly pool: Pool,
    @Optional() private readonly metrics?: Metrics,
  ) {
    this.#db = kyselyOver(pool);
  }

  /**
   * Stores a batch and answers for each row, in the order given. One round trip and one transaction: all rows are
   * committed when it resolves, none when it rejects. The same alert (source and message id) is stored once, however
   * often and from however many processes it comes.
   *
   * Postgres answers before its disk does, so that what must be quick need not wait for it. Until `WalBarrier.passed`,
   * called after this has resolved, a crash of Postgres can still take the rows away.
   */
  async insertMany(rows: readonly AlertToStore[]): Promise<StoredAlert[]> {
    const stored = await this.#store(rows);
    stored.forEach((answer, index) => this.#count(answer, rows[index]));
    return stored;
  }

  async #store(rows: readonly AlertToStore[]): Promise<StoredAlert[]> {
    const [first] = rows;
    if (first === undefined) return [];
    const isLikelyNew = rows.length === 1 && first.isKnown !== true;
    const stored = isLikelyNew ? await this.#insertNew(first) : undefined;
    if (stored !== undefined) return [stored];
    let answers = await this.#insert(rows);
    if (answers.length < rows.length) {
      // Another process inserted the same message between this statement's snapshot and its insert. It has committed
      // by now (the insert waited for it), so a second look sees it.
      answers = mergeAnswers(answers, await this.#insert(rows));
    }
    if (answers.length < rows.length) {
      // What is left has an id that another alert has already.
      answers = mergeAnswers(answers, await this.#insert(rows, () => null));
    }
    if (answers.length < rows.length) {
      throw new Error('An alert was deleted while it was being stored. Try the batch again.');
    }
    const alreadyCounted = new Set<string>();
    return answers.map((answer) => {
      const inserted = answer.inserted && !alreadyCounted.has(answer.id);
      alreadyCounted.add(answer.id);
      return { row: alertViewOf(answer), inserted };
    });
  }

  /**
   * Marks a new alert as seen by `userId`. Repeating it, by whomever, changes nothing: the first one stands.
   * @throws AlertError `alert_not_found`, `alert_already_resolved`.
   */
  acknowledge(change: AlertChange): Promise<AlertChangeResult> {
    return this.#change(change, 'acknowledged');
  }

  /**
   * Closes an alert, acknowledged or not. Repeating it with the same outcome changes nothing.
   * @throws AlertError `alert_not_found`; `alert_already_resolved` when it was closed with the other outcome.
   */
  resolve(
    change: AlertChange & { readonly outcome?: 'resolved' | 'false_alarm' },
  ): Promise<AlertChangeResult> {
    return this.#change(change, change.outcome ?? 'resolved');
  }

  /**
   * One page of the operators' list: unacknowledged first, then by severity, then the latest arrival first.
   * @throws AlertError `alert_cursor_invalid`. @throws RangeError when `limit` is not 1 to 500.
   */
  async list(request: AlertListRequest): Promise<AlertPage> {
    if (!Number.isInteger(request.limit) || request.limit < 1 || request.limit > MAX_PAGE_SIZE) {
      throw new RangeError(`limit must be an integer from 1 to ${MAX_PAGE_SIZE}`);
    }
    const statement = this.listStatement(request);
    const rows = await measuredQuery(this.metrics, 'list_alerts', () => statement.execute());
    const page = rows.slice(0, request.limit);
    const last = page.at(-1);
    const isLastPage = rows.length <= request.limit || last === undefined;
    return {
      alerts: page.map(alertViewOf),
      nextCursor: isLastPage
        ? null
        : encodeAlertCursor({
            urgency: last.urgency,
            receivedAt: last.received_at.toISOString(),
            alertId: Number(last.id),
          }),
    };
  }

  /** The statement behind `list`, one row longer than the page; apart, so that its plan can be examined. */
  listStatement(request: AlertListRequest) {
    const { least, most } = urgencyRange(request);
    let statement = alertViews(this.#db, request.scope)
      .select('alert.urgency')
      .orderBy('alert.urgency', 'desc')
      .orderBy('alert.received_at', 'desc')
      .orderBy('alert.id', 'desc')
      .limit(request.limit + 1);
    if (request.status !== undefined) statement = statement.where('alert.status', '=', request.status);
    if (request.severity !== undefined) statement = statement.where('alert.severity', '=', request.severity);
    if (request.status !== undefined || request.severity !== undefined) {
      statement = statement.where('alert.urgency', '>=', least).where('alert.urgency', '<=', most);
    }
    if (request.clientId !== undefined) statement = statement.where('alert.client_id', '=', request.clientId);
    if (request.cursor !== undefined) {
      const after = decodeAlertCursor(request.cursor);
      statement = statement.where(
        sql<boolean>`(alert.urgency, alert.received_at, alert.id)
          < (${after.urgency}::smallint, ${after.receivedAt}::timestamptz, ${after.alertId}::bigint)`,
      );
    }
    return statement;
  }

  /** Alerts nobody has acknowledged yet, of all tenants. */
  async countUnacknowledged(): Promise<number> {
    const { rows } = await this.pool.query<{ alerts: string }>(
      `select count(*) as alerts from device_alerts where status = 'new'`,
    );
    return Number(rows[0]?.alerts ?? 0);
  }

  /** The alert, or null when there is none or it is outside the scope. */
  async byId(alertId: number, scope: AccessScope): Promise<AlertView | null> {
    if (!isAlertId(alertId)) return null;
    const row = await alertViews(this.#db, scope).where('alert.id', '=', String(alertId)).executeTakeFirst();
    return row === undefined ? null : alertViewOf(row);
  }

  /** Those of the ids that are alerts by now, of all tenants. */
  async existing(alertIds: readonly number[]): Promise<Set<number>> {
    const { rows } = await measuredQuery(this.metrics, 'existing_alerts', () =>
      this.pool.query<{ id: string }>({
        name: 'existing_alerts',
        text: 'select id from device_alerts where id = any($1::bigint[])',
        values: [alertIds],
      }),
    );
    return new Set(rows.map(({ id }) => Number(id)));
  }

  /** Undefined when the alert was there before, or its id. */
  async #insertNew(row: AlertToStore): Promise<StoredAlert | undefined> {
    const values = insertAlertParameters(row);
    const { rows } = await measuredQuery(this.metrics, 'insert_alert', () =>
      this.pool.query<{ stored_at: Date }>({ name: 'insert_alert', text: INSERT_ALERT, values }),
    );
    const [answer] = rows;
    if (answer === undefined) return undefined;
    return { row: newAlertView(row, answer.stored_at.toISOString()), inserted: true };
  }

  async #insert(
    rows: readonly AlertToStore[],
    idOf?: (row: AlertToStore) => number | null,
  ): Promise<AlertAnswerRow[]> {
    const values = insertAlertsParameters(rows, idOf);
    const result = await measuredQuery(this.metrics, 'insert_alerts', () =>
      this.pool.query<AlertAnswerRow>({ name: 'insert_alerts', text: INSERT_ALERTS, values }),
    );
    return result.rows;
  }

  /** The job of an alert finds what mqtt-ingest has stored of the same message: that is no duplicate. */
  #count({ row, inserted }: StoredAlert, given: AlertToStore | undefined): void {
    const receivedAt = storableTime(given?.alert.received_at);
    if (this.metrics === undefined || (!inserted && row.received_at === receivedAt)) return;
    const { severity } = row;
    const result = inserted ? 'inserted' : 'duplicate';
    this.metrics.counter('bus_alerts_stored_total').inc({ severity, result });
    if (!inserted) return;
    const seconds = (Date.now() - Date.parse(row.received_at)) / 1_000;
    this.metrics.histogram('bus_alert_store_seconds').observe(Math.max(0, seconds));
  }

  async #change(change: AlertChange, target: ChangedStatus): Promise<AlertChangeResult> {
    if (!isAlertId(change.alertId)) throw alertNotFound(change.alertId);
    const result = await measuredQuery(this.metrics, `alert_${target}`, () =>
      this.#db.transaction().execute((transaction) => changeAlert(transaction, change, target)),
    );
    if (result instanceof AlertError) throw result;
    return result;
  }
}

interface AlertAnswerRow extends AlertViewRow {
  position: number;
  inserted: boolean;
}

function isAlertId(alertId: number): boolean {
  return Number.isSafeInteger(alertId) && alertId > 0;
}

/** The first answer to a position counts: it knows whether this call has inserted the row. */
function mergeAnswers(first: AlertAnswerRow[], second: AlertAnswerRow[]): AlertAnswerRow[] {
  const byPosition = new Map(second.map((answer) => [answer.position, answer]));
  for (const answer of first) byPosition.set(answer.position, answer);
  return [...byPosition.values()].toSorted((a, b) => a.position - b.position);
}
