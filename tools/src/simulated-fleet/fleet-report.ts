/** What the fleet has done so far. */
export class FleetReport {
  /** Messages handed to the broker's keeping, by kind of topic. */
  readonly published: Record<string, number> = {};
  /** Readings left out because the ones before are still waiting for the broker. */
  skipped = 0;
  alertsRaised = 0;
  alertsResent = 0;
  /** Confirmed by the platform as stored. */
  alertsConfirmed = 0;
  commandsAnswered = 0;
  /** Refusals by the platform, by code. */
  readonly refused: Record<string, number> = {};
  disconnects = 0;

  countPublished(topicClass: string): void {
    this.published[topicClass] = (this.published[topicClass] ?? 0) + 1;
  }

  countRefused(code: string): void {
    this.refused[code] = (this.refused[code] ?? 0) + 1;
  }

  get alertsWaiting(): number {
    return this.alertsRaised - this.alertsConfirmed;
  }

  toString(): string {
    const published = Object.entries(this.published).map(([topicClass, count]) => `${topicClass} ${count}`);
    const refused = Object.entries(this.refused).map(([code, count]) => `${code} ${count}`);
    return [
      `published: ${published.join(', ') || 'nothing'}`,
      `alerts: ${this.alertsRaised} raised, ${this.alertsConfirmed} confirmed, ${this.alertsWaiting} waiting, ${this.alertsResent} resent`,
      `commands answered: ${this.commandsAnswered}`,
      `refused: ${refused.join(', ') || 'nothing'}`,
      `skipped: ${this.skipped}; disconnects: ${this.disconnects}`,
    ].join(' | ');
  }
}
