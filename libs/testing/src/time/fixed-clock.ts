/** A clock that only moves when told to. `now` may be passed on its own. */
export class FixedClock {
  private millis: number;

  constructor(start: string | number | Date = '2026-01-01T00:00:00.000Z') {
    this.millis = new Date(start).getTime();
  }

  readonly now = (): Date => new Date(this.millis);

  /** Milliseconds since 1970. */
  readonly nowMs = (): number => this.millis;

  readonly isoNow = (): string => this.now().toISOString();

  advance(milliseconds: number): void {
    this.millis += milliseconds;
  }

  set(time: string | number | Date): void {
    this.millis = new Date(time).getTime();
  }
}
