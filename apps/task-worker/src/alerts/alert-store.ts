import { Injectable } from '@nestjs/common';
import { AlertQueries, DeviceRegistry, WalBarrier } from '@bus/database';
import type { RegisteredDevice, StoredAlert } from '@bus/database';
import { Metrics } from '@bus/observability';
import type { DeviceAlertJob } from '@bus/payload-schemas';
import { Coalescer } from '@bus/platform';
import { isUnstorable, UnstorableError } from '../storage/unstorable.error.ts';

/** A stored alert and its device as the registry knows it; null: unknown, only the operations centre sees it. */
export interface PutAlert extends StoredAlert {
  readonly device: RegisteredDevice | null;
}

type Outcome = { readonly put: PutAlert } | { readonly error: unknown };

const MAX_BATCH = 200;

/**
 * Puts alerts into Postgres. One commit at a time takes everything that has come meanwhile, so a burst costs few commits, a single
 * alert waits for nothing, and rows are stored in the order `put` was called. The disk is waited for apart, by `durable`.
 */
@Injectable()
export class AlertStore {
  private readonly commits = new Coalescer<DeviceAlertJob, Outcome>((alerts) => this.storeBatch(alerts), {
    maxBatch: MAX_BATCH,
    maxInFlight: 1,
  });

  constructor(
    private readonly alerts: AlertQueries,
    private readonly registry: DeviceRegistry,
    private readonly barrier: WalBarrier,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Resolves once the row is committed and everybody can read it. Rejects with an UnstorableError when Postgres will never take this
   * alert, otherwise with whatever kept Postgres from answering; then nobody knows whether it was stored, and putting it again is
   * right.
   */
  async put(alert: DeviceAlertJob): Promise<PutAlert> {
    const outcome = await this.commits.submit(alert);
    if ('error' in outcome) throw outcome.error;
    return outcome.put;
  }

  /** Resolves once every alert put before is on disk. Rejects when it may not be; putting it again is right. */
  durable(): Promise<void> {
    return this.barrier.passed();
  }

  private async storeBatch(alerts: DeviceAlertJob[]): Promise<Outcome[]> {
    this.metrics.histogram('bus_batch_items').observe({ batch: 'alerts' }, alerts.length);
    try {
      return (await this.insert(alerts)).map((put) => ({ put }));
    } catch (error) {
      if (!isUnstorable(error)) throw error;
      return this.storeOneByOne(alerts);
    }
  }

  /** One alert Postgres cannot hold must not take those that happened to share its batch with it. */
  private async storeOneByOne(alerts: DeviceAlertJob[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const alert of alerts) {
      try {
        for (const put of await this.insert([alert])) outcomes.push({ put });
      } catch (error) {
        outcomes.push({ error: isUnstorable(error) ? new UnstorableError('the alert', error) : error });
      }
    }
    return outcomes;
  }

  private async insert(alerts: DeviceAlertJob[]): Promise<PutAlert[]> {
    const devices = await this.registry.lookup(alerts.map(({ source_id }) => source_id));
    const deviceOf = (alert: DeviceAlertJob | undefined) => devices.get(alert?.source_id ?? '') ?? null;
    const stored = await this.alerts.insertMany(
      alerts.map((alert) => ({ alert, device: deviceOf(alert), isKnown: alert.express === true })),
    );
    return stored.map((answer, index) => ({ ...answer, device: deviceOf(alerts[index]) }));
  }
}
