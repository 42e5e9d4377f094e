/** What one check came to. A warning is worth knowing; only a failure makes the doctor unhappy. */
export interface Finding {
  readonly check: string;
  readonly outcome: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
  /** What to do about it; every failure has one. */
  readonly hint?: string;
}

export function ok(check: string, detail: string): Finding {
  return { check, outcome: 'ok', detail };
}

export function warning(check: string, detail: string, hint: string): Finding {
  return { check, outcome: 'warning', detail, hint };
}

export function failed(check: string, detail: string, hint: string): Finding {
  return { check, outcome: 'failed', detail, hint };
}

/** Could not be looked at, for a reason that is told elsewhere. */
export function skipped(check: string, detail: string): Finding {
  return { check, outcome: 'skipped', detail };
}
