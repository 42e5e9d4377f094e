import type { Notifier } from '../notices/notifier.ts';
import type { Store } from '../state/store.ts';
import type { Answer } from '../wire/wire-guards.ts';
import { readAlert } from '../wire/wire-guards.ts';
import type { AcknowledgeAlertRequest, AlertView } from '../wire/wire-types.ts';
import { ACTION_TARGET, type AlertActionKind } from './alert-entry.ts';
import { hasReached } from './alert-order.ts';
import type { AlertAction, AlertState } from './alert-store.ts';
import { shortId, shortText } from '../layout/display-text.ts';

const ANSWER_TIMEOUT_MS = 8_000;
/** How long an accepted change may take to come back as an event before the list is loaded again. */
const CONFIRMATION_MS = 5_000;

const EVENT_NAME: Record<AlertActionKind, string> = {
  acknowledge: 'acknowledge_alert',
  resolve: 'resolve_alert',
};

export interface AlertCommandsParts {
  readonly alerts: Store<AlertState, AlertAction>;
  readonly request: (name: string, body: object, timeoutMs: number) => Promise<Answer>;
  readonly isLive: () => boolean;
  readonly username: () => string;
  readonly notifier: Notifier;
}

/** Acknowledges and resolves: shown at once, sent, and taken back with a plain message when it did not work. */
export class AlertCommands {
  private requests = 0;

  constructor(private readonly parts: AlertCommandsParts) {}

  /**
   * Returns whether something was sent. Nothing is sent for an alert that is that far already, that has a request
   * under way, or while there is no live connection; the last is said out loud.
   */
  act(kind: AlertActionKind, alertId: number, note: string | null): boolean {
    const { alerts, isLive, notifier, username } = this.parts;
    const entry = alerts.getState().entries.get(alertId);
    if (!entry || entry.pending || hasReached(entry.alert.status, ACTION_TARGET[kind])) return false;
    if (!isLive()) {
      notifier.failed(
        `Not sent: ${label(kind)} ${describe(entry.alert)}`,
        'There is no live connection, so nothing was changed. Try again when the banner says Live.',
      );
      return false;
    }
    const trimmed = note?.trim() || null;
    const pending = {
      requestId: `${kind}-${alertId}-${++this.requests}`,
      kind,
      note: trimmed,
      user: username(),
      startedAt: new Date().toISOString(),
      isAccepted: false,
    };
    alerts.dispatch({ type: 'action_started', alertId, pending });
    void this.send(kind, entry.alert, pending.requestId, trimmed);
    return true;
  }

  private async send(
    kind: AlertActionKind,
    alert: AlertView,
    requestId: string,
    note: string | null,
  ): Promise<void> {
    const body: AcknowledgeAlertRequest = { alert_id: alert.alert_id, ...(note === null ? {} : { note }) };
    const answer = await this.parts
      .request(EVENT_NAME[kind], body, ANSWER_TIMEOUT_MS)
      .catch(() => 'unanswered' as const);
    if (answer === 'unanswered') {
      return this.fail(kind, alert, requestId, {
        what: 'The gateway did not answer in time.',
        advice:
          'It may still have been stored; the list shows the truth once it is live. If the alert is still open then, try again.',
      });
    }
    if (!answer.ok) {
      this.fail(kind, alert, requestId, explainRefusal(answer));
      if (OUTDATED.has(String(answer.code)))
        this.parts.alerts.dispatch({ type: 'load_needed', reason: 'outdated_list' });
      return;
    }
    this.parts.alerts.dispatch({
      type: 'action_accepted',
      alertId: alert.alert_id,
      requestId,
      alert: readAlert(answer.alert),
    });
    setTimeout(() => this.checkConfirmed(alert.alert_id, requestId), CONFIRMATION_MS);
  }

  private fail(
    kind: AlertActionKind,
    alert: AlertView,
    requestId: string,
    { what, advice }: Explanation,
  ): void {
    const { alerts, notifier } = this.parts;
    const entry = alerts.getState().entries.get(alert.alert_id);
    // Somebody else did the same meanwhile, or our own change came back before its answer: nothing is wrong.
    if (entry && hasReached(entry.alert.status, ACTION_TARGET[kind])) return;
    const failure = { kind, message: `${what} ${advice}` };
    alerts.dispatch({ type: 'action_failed', alertId: alert.alert_id, requestId, failure });
    notifier.failed(`Could not ${label(kind)} ${describe(alert)}`, `${what} ${advice}`);
  }

  private checkConfirmed(alertId: number, requestId: string): void {
    const pending = this.parts.alerts.getState().entries.get(alertId)?.pending;
    if (pending?.requestId === requestId) {
      this.parts.alerts.dispatch({ type: 'load_needed', reason: 'missing_confirmation' });
    }
  }
}

/** Answers that mean: the gateway knows this alert otherwise than we do. */
const OUTDATED: ReadonlySet<string> = new Set(['4404', '4409']);

interface Explanation {
  readonly what: string;
  readonly advice: string;
}

/** The meaning of the gateway's codes for someone with an alert in front of them. */
function explainRefusal({ code, reason }: Extract<Answer, { ok: false }>): Explanation {
  const said = `The gateway refused: ${reason}${/[.!?]$/.test(reason) ? '' : '.'}`;
  return {
    what: said,
    advice:
      ADVICE[String(code)] ?? 'The alert is unchanged. Try again; if it persists, call the platform team.',
  };
}

const ADVICE: Readonly<Record<string, string>> = {
  4400: 'The alert is unchanged. Shorten or change the note and try again.',
  4401: 'The alert is unchanged. Sign in again.',
  4403: 'The alert is unchanged. Ask a colleague with the right to do this.',
  4404: 'The alert is not stored yet, or not in your reach any more. The list is being loaded again; try once more if it stays.',
  4409: 'Somebody else was faster. The list is being loaded again; look at the alert before going on.',
  4429: 'The alert is unchanged. Wait a minute and try again.',
  4503: 'The alert is unchanged. Try again in a few seconds.',
};

function label(kind: AlertActionKind): string {
  return kind === 'acknowledge' ? 'acknowledge' : 'resolve';
}

function describe(alert: AlertView): string {
  return `alert #${shortId(alert.alert_id)} “${shortText(alert.message, 60)}”`;
}
