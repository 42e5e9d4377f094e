import { DEMO_CLIENTS, type DemoDevice } from '@bus/database';
import { setTimeout as sleep } from 'node:timers/promises';
import { FleetMember, type MemberSettings } from './fleet-member.ts';
import { FleetReport } from './fleet-report.ts';
import type { BrokerAccess } from './member-connection.ts';
import { Random } from './random.ts';

export interface FleetSettings extends MemberSettings {
  /** Mean seconds between two alerts of the whole fleet; 0 raises none. */
  alertEverySeconds: number;
}

const CONNECT_TIMEOUT_MS = 15_000;

/** Guards, devices, sensors and edge servers that behave alike for the same seed. */
export class SimulatedFleet {
  readonly report = new FleetReport();
  private readonly members: FleetMember[];
  private readonly random: Random;
  private alertTimer: NodeJS.Timeout | undefined;

  constructor(
    devices: readonly DemoDevice[],
    accessOf: (device: DemoDevice, index: number) => BrokerAccess,
    private readonly settings: FleetSettings,
  ) {
    this.random = new Random(`${settings.seed}/alerts`);
    const countByKind = new Map<string, number>();
    this.members = devices.map((device, position) => {
      const index = countByKind.get(device.kind) ?? 0;
      countByKind.set(device.kind, index + 1);
      const clientIndex = DEMO_CLIENTS.findIndex(({ name }) => name === device.client);
      const access = accessOf(device, position);
      return new FleetMember(device, { index, clientIndex }, access, settings, this.report);
    });
  }

  get size(): number {
    return this.members.length;
  }

  /** Connects everybody and begins; rejects when the broker does not take them in 15 s. */
  async start(): Promise<void> {
    const timeout = new AbortController();
    await Promise.race([
      Promise.all(this.members.map((member) => member.connected())),
      sleep(CONNECT_TIMEOUT_MS, undefined, { signal: timeout.signal }).then((): never => {
        throw new Error(`The broker did not take the whole fleet in within ${CONNECT_TIMEOUT_MS / 1_000} s.`);
      }),
    ]);
    timeout.abort();
    for (const member of this.members) member.begin();
    if (this.settings.alertEverySeconds > 0) this.scheduleAlert();
  }

  /** Waits a moment for outstanding confirmations, then disconnects everybody. */
  async stop(patienceMs = 2_000): Promise<void> {
    clearTimeout(this.alertTimer);
    const deadline = Date.now() + patienceMs;
    while (this.report.alertsWaiting > 0 && Date.now() < deadline) await sleep(20);
    await Promise.all(this.members.map((member) => member.stop()));
  }

  private scheduleAlert(): void {
    const waitMs = this.random.untilNext(this.settings.alertEverySeconds) * 1_000;
    this.alertTimer = setTimeout(() => {
      this.random.pick(this.members).raiseAlert();
      this.scheduleAlert();
    }, waitMs);
  }
}
