import type { DemoDevice, DeviceKind } from '@bus/database';
import { nextAlert } from './alert-scenarios.ts';
import { ConfirmedAlerts } from './confirmed-alerts.ts';
import type { FleetReport } from './fleet-report.ts';
import { MemberConnection, type BrokerAccess } from './member-connection.ts';
import { placeOnSite, siteOf, Walk, type Position } from './position.ts';
import { Random } from './random.ts';
import { deviceReadings, edgeReadings, sensorReadings } from './readings.ts';

export interface MemberSettings {
  seed: number;
  /** Part of every message id, so that a fleet started again does not repeat the ids of the one before. */
  run: string;
  /** Seconds between two readings, by kind. */
  everySeconds: Record<DeviceKind, number>;
}

interface Reading {
  topic: string;
  topicClass: string;
  qos: 0 | 1;
  payload: () => object;
}

/** One guard, device, sensor or edge server: its readings, its alerts, its answers to commands. */
export class FleetMember {
  readonly name: string;
  readonly kind: DeviceKind;
  private readonly random: Random;
  private readonly connection: MemberConnection;
  private readonly alerts: ConfirmedAlerts;
  private readonly reading: Reading;
  private readonly whereabouts: () => Position;
  private readonly timers = new Set<NodeJS.Timeout>();
  private sequence = 0;

  constructor(
    device: DemoDevice,
    place: { index: number; clientIndex: number },
    access: BrokerAccess,
    private readonly settings: MemberSettings,
    private readonly report: FleetReport,
  ) {
    this.name = device.username;
    this.kind = device.kind;
    this.random = new Random(`${settings.seed}/${device.username}`);
    const site = siteOf(place.clientIndex);
    const home = placeOnSite(site, this.random);
    const walk = device.kind === 'guard' ? new Walk(site, home, this.random) : undefined;
    this.whereabouts = () => walk?.position ?? home;
    this.reading = this.describeReading(place, walk);
    this.alerts = new ConfirmedAlerts({
      confirmed: () => (report.alertsConfirmed += 1),
      resent: () => (report.alertsResent += 1),
    });
    this.connection = new MemberConnection(access, report, (kind, message) => this.onDownlink(kind, message));
  }

  connected(): Promise<void> {
    return this.connection.connected();
  }

  /** Begins to report; the first reading comes at a time of its own, so that the fleet does not speak in chorus. */
  begin(): void {
    const everyMs = this.settings.everySeconds[this.kind] * 1_000;
    const speak = (): void => {
      const { topic, topicClass, qos, payload } = this.reading;
      this.connection.publishReading(topic, topicClass, payload(), qos);
      this.after(everyMs * this.random.between(0.95, 1.05), speak);
    };
    this.after(everyMs * this.random.next(), speak);
  }

  /** Raises one alert and sends it until it is confirmed. */
  raiseAlert(): void {
    const { alertType, severity, message } = nextAlert(this.kind, this.random);
    this.sequence += 1;
    const messageId = `${this.settings.run}-${this.name}-${this.sequence}`;
    const payload = {
      alert_type: alertType,
      severity,
      message,
      location: this.whereabouts(),
      timestamp: new Date().toISOString(),
    };
    this.report.alertsRaised += 1;
    this.alerts.send(messageId, () =>
      this.connection.publish(`alert/${alertType}/${this.name}`, 'alert', payload, 2, messageId),
    );
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    this.alerts.stop();
    await this.connection.end();
  }

  private describeReading(place: { index: number; clientIndex: number }, walk: Walk | undefined): Reading {
    const stamped = (read: () => object) => () => ({ ...read(), timestamp: new Date().toISOString() });
    switch (this.kind) {
      case 'device': {
        const payload = stamped(deviceReadings(this.random));
        return { topic: `device/${this.name}/telemetry`, topicClass: 'telemetry', qos: 1, payload };
      }
      case 'sensor': {
        const payload = stamped(sensorReadings(this.random, place.index));
        return { topic: `sensor/${this.name}/status`, topicClass: 'sensor', qos: 1, payload };
      }
      case 'edge': {
        const payload = stamped(edgeReadings(this.random, Date.now));
        return { topic: `system/health/${this.name}`, topicClass: 'health', qos: 0, payload };
      }
      case 'guard': {
        const stepMs = this.settings.everySeconds.guard * 1_000;
        const payload = stamped(() => ({
          ...walk?.advance(stepMs),
          accuracy: Number(this.random.between(3, 15).toFixed(1)),
          guard_id: place.index + 1,
          client_id: place.clientIndex + 1,
        }));
        return { topic: `guard/${this.name}/gps`, topicClass: 'gps', qos: 1, payload };
      }
    }
  }

  private onDownlink(kind: string, message: Record<string, unknown>): void {
    if (kind === 'ack') this.alerts.confirm(String(message['message_id']));
    else if (kind === 'error') this.report.countRefused(String(message['code']));
    else if (kind === 'command') this.obey(message);
  }

  /** Says at once that the command has come, does nothing for a moment, and mostly succeeds. */
  private obey(command: Record<string, unknown>): void {
    const reply = (answer: object): void =>
      this.connection.publish(
        `device/${this.name}/command-reply`,
        'command_reply',
        { command_id: command['command_id'], ...answer, timestamp: new Date().toISOString() },
        1,
      );
    if (Date.parse(String(command['expires_at'])) < Date.now()) {
      reply({ status: 'rejected', reason: 'The command had expired when it came.' });
      return;
    }
    reply({ status: 'received' });
    this.after(this.random.between(300, 2_000), () => {
      this.report.commandsAnswered += 1;
      if (this.random.chance(0.05)) reply({ status: 'failed', reason: 'The device was busy.' });
      else reply({ status: 'succeeded', result: { done: command['name'] } });
    });
  }

  private after(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, delayMs);
    this.timers.add(timer);
  }
}
