import { readableType, shortText } from '../layout/display-text.ts';
import type { AlertView } from '../wire/wire-types.ts';

/** Announcements of a storm are gathered for this long; a screen reader needs time to finish a sentence. */
const GATHER_MS = 4_000;

type Say = (urgency: 'assertive' | 'polite', text: string) => void;

/** Turns arrivals into spoken sentences: the first at once, then one summary per interval. */
export class ArrivalAnnouncer {
  private gathered: AlertView[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly say: Say,
    private readonly gatherMs = GATHER_MS,
  ) {}

  announce(alerts: readonly AlertView[]): void {
    this.gathered.push(...alerts);
    if (this.timer === null) this.speak();
  }

  private speak(): void {
    this.timer = null;
    const critical = this.gathered.filter((alert) => alert.severity === 'critical');
    const others = this.gathered.filter((alert) => alert.severity !== 'critical');
    if (critical.length + others.length === 0) return;
    this.gathered = [];
    if (critical.length > 0) this.say('assertive', arrivalText(critical, 'critical '));
    if (others.length > 0) this.say('polite', arrivalText(others, ''));
    this.timer = setTimeout(() => this.speak(), this.gatherMs);
  }
}

function arrivalText(alerts: readonly AlertView[], adjective: string): string {
  const [alert] = alerts.slice(-1);
  if (!alert) return '';
  const severity = adjective === '' ? `${alert.severity} ` : '';
  const what = `${severity}${readableType(alert.alert_type)}: ${shortText(alert.message, 120)}, from ${shortText(alert.source_id, 40)}`;
  if (alerts.length === 1) return `New ${adjective}alert. ${what}.`;
  return `${alerts.length} new ${adjective}alerts. The latest: ${what}.`;
}
