import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { GroupHistory, GroupPosition } from '@bus/channel-layer';
import type { AlertQueries } from '@bus/database';
import { nocDashboardGroup, type EventEnvelope, type EventType } from '@bus/payload-schemas';
import { RepeatedWarning } from '@bus/platform';
import type { GatewayRedis } from '../limits/gateway-redis.ts';

export interface AnnouncedAlertsOptions {
  /** How long a list waits for alerts that are announced but not stored. @default 2 s */
  readonly patienceMs?: number;
}

/** A row is there a few milliseconds after its alert was announced; after this long, storing it is in trouble. */
const PATIENCE_MS = 2_000;
/** Between two looks at Postgres, doubled from look to look. */
const FIRST_PAUSE_MS = 10;
const MAX_PAUSE_MS = 250;
/** Where nothing has been read yet, what was announced before this is taken as stored. */
const FIRST_LOOK_BACK_MS = 10_000;
/** As many as a history holds. */
const MAX_REMEMBERED = 1_000;
/** Every alert is announced to the operations centre, as one of these. */
const ANNOUNCEMENTS: ReadonlySet<EventType> = new Set<EventType>(['critical_alert', 'alert_notification']);

/**
 * Knows which alerts are on the screens of the operations centre already while their rows are still on their way into
 * Postgres, so that what is read from there does not lack them.
 */
export class AnnouncedAlerts {
  readonly #redis: Pick<GatewayRedis, 'isReady'>;
  readonly #history: GroupHistory;
  readonly #alerts: Pick<AlertQueries, 'existing'>;
  readonly #patienceMs: number;
  readonly #warning = new RepeatedWarning(new Logger(AnnouncedAlerts.name));
  /** Announced up to `#position`, and not seen in Postgres yet. */
  readonly #missing = new Set<number>();
  /** Waited for once in vain. */
  readonly #givenUp = new Set<number>();
  #position: GroupPosition | undefined;
  #lastRead: Promise<void> = Promise.resolve();
  #nextRead: Promise<void> | undefined;
  #currentLook: Promise<void> | undefined;

  constructor(
    redis: Pick<GatewayRedis, 'isReady'>,
    history: GroupHistory,
    alerts: Pick<AlertQueries, 'existing'>,
    { patienceMs = PATIENCE_MS }: AnnouncedAlertsOptions = {},
  ) {
    this.#redis = redis;
    this.#history = history;
    this.#alerts = alerts;
    this.#patienceMs = patienceMs;
  }

  /**
   * Resolves once every alert that was announced before this call, as far as the history still tells, can be read from
   * Postgres, and after two seconds at the latest. An alert that is missing then is not waited for again. Never rejects:
   * with Redis or Postgres away it resolves without knowing. Costs one read of Redis, and one query when something was
   * announced since the last call.
   */
  async settled(): Promise<void> {
    const end = new AbortController();
    let wanted: readonly number[] = [];
    const allStored = async (): Promise<void> => {
      await this.#readAnnouncements();
      wanted = [...this.#missing];
      await this.#lookUntilStored(wanted, end.signal);
    };
    try {
      await Promise.race([allStored(), pause(this.#patienceMs, undefined, { signal: end.signal })]);
      this.#giveUpMissing(wanted);
    } catch (error) {
      this.#warning.warn('What was announced lately may be missing in a list.', error as Error);
    } finally {
      end.abort();
    }
  }

  /** Reads what was announced before this call. A read that has not begun yet is shared; one that has may come too early. */
  #readAnnouncements(): Promise<void> {
    if (this.#nextRead === undefined) {
      this.#nextRead = this.#lastRead.then(() => {
        this.#nextRead = undefined;
        return this.#readOn();
      });
      this.#lastRead = this.#nextRead.catch(() => undefined);
    }
    return this.#nextRead;
  }

  async #readOn(): Promise<void> {
    // The channel layer gives Redis a second to come back, which a list has not got.
    if (!this.#redis.isReady) throw new Error('Redis is away.');
    const { events, epoch, offset } = await this.#newEvents();
    for (const { type, data } of events) {
      const { alert_id: id } = data;
      if (ANNOUNCEMENTS.has(type) && isAlertId(id) && !this.#givenUp.has(id)) remember(this.#missing, id);
    }
    this.#position = { epoch, offset };
  }

  async #newEvents(): Promise<GroupPosition & { readonly events: readonly EventEnvelope[] }> {
    const group = nocDashboardGroup();
    if (this.#position !== undefined) {
      const answer = await this.#history.since(group, this.#position);
      if (answer.result === 'replayed') return answer;
    }
    const latest = await this.#history.latest(group);
    const oldest = Date.now() - FIRST_LOOK_BACK_MS;
    return { ...latest, events: latest.events.filter(({ timestamp }) => Date.parse(timestamp) >= oldest) };
  }

  async #lookUntilStored(wanted: readonly number[], signal: AbortSignal): Promise<void> {
    if (wanted.length > 0) await this.#look();
    for (let pauseMs = FIRST_PAUSE_MS; wanted.some((id) => this.#missing.has(id)); pauseMs *= 2) {
      await pause(Math.min(pauseMs, MAX_PAUSE_MS), undefined, { signal });
      await this.#look();
    }
  }

  /** Who comes while a look is under way shares it, and looks again when it began too early. */
  #look(): Promise<void> {
    this.#currentLook ??= this.#forgetStored().finally(() => {
      this.#currentLook = undefined;
    });
    return this.#currentLook;
  }

  async #forgetStored(): Promise<void> {
    for (const id of await this.#alerts.existing([...this.#missing])) this.#missing.delete(id);
  }

  #giveUpMissing(alertIds: readonly number[]): void {
    for (const id of alertIds) if (this.#missing.delete(id)) remember(this.#givenUp, id);
  }
}

function isAlertId(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** Adds a value, and beyond the bound forgets the oldest. */
function remember(values: Set<number>, value: number): void {
  values.add(value);
  if (values.size <= MAX_REMEMBERED) return;
  const [oldest] = values;
  if (oldest !== undefined) values.delete(oldest);
}
