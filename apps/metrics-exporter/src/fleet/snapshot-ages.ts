export interface PresentSnapshot {
  readonly field: string;
  /** Tells one snapshot of a process from its next. */
  readonly mark: string;
  /** When it was taken, by the clock of whoever took it, in epoch milliseconds; undefined when that is unknown. */
  readonly atMs: number | undefined;
}

interface Noticed {
  readonly mark: string;
  readonly noticedAtMs: number;
  /** How old it was already when it was noticed. */
  readonly ageWhenNoticedMs: number;
}

/**
 * How old the newest snapshot of each process is. The time written in it is the clock of another machine, so it is
 * believed only within what this clock has seen: between two looks nothing can get older than the time between them.
 */
export class SnapshotAges {
  #noticed = new Map<string, Noticed>();
  /** Before the first look anything may have happened. */
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #wasBlind = false;

  /** `nowMs` must never jump; `wallClockMs` may. */
  constructor(
    private readonly nowMs: () => number = () => performance.now(),
    private readonly wallClockMs: () => number = () => Date.now(),
  ) {}

  /**
   * Nothing could be seen this time. The time until the next look makes no snapshot older: processes that could not
   * publish are not to be taken for dead.
   */
  missLook(): void {
    this.#wasBlind = true;
  }

  /** Takes the snapshots that are present and returns their ages in milliseconds by field. The others are forgotten. */
  look(present: readonly PresentSnapshot[]): Map<string, number> {
    const nowMs = this.nowMs();
    const sinceLastLookMs = nowMs - this.#lastLookMs;
    this.#lastLookMs = nowMs;
    const blindMs = this.#wasBlind && Number.isFinite(sinceLastLookMs) ? sinceLastLookMs : 0;
    this.#wasBlind = false;
    const before = this.#noticed;
    this.#noticed = new Map();
    const ages = new Map<string, number>();
    for (const { field, mark, atMs } of present) {
      let noticed = before.get(field);
      if (noticed?.mark !== mark) {
        const claimedMs = atMs === undefined ? 0 : Math.max(0, this.wallClockMs() - atMs);
        noticed = { mark, noticedAtMs: nowMs, ageWhenNoticedMs: Math.min(claimedMs, sinceLastLookMs) };
      } else {
        noticed = { ...noticed, noticedAtMs: noticed.noticedAtMs + blindMs };
      }
      this.#noticed.set(field, noticed);
      ages.set(field, noticed.ageWhenNoticedMs + nowMs - noticed.noticedAtMs);
    }
    return ages;
  }
}
