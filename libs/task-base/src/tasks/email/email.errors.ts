import { TaskError } from '../../task-base.errors.ts';
import type { RefusedRecipient } from './check-recipients.ts';

/** An email that cannot be sent as it is, whoever it is for. The message names the field, never its value. */
export class EmailInvalidError extends TaskError {
  constructor(field: string, problem: string) {
    super('EMAIL_INVALID', false, `${field} of the email ${problem}`);
  }
}

/** No recipient is left to write to. The message counts the reasons; addresses are personal and stay out of it. */
export class EmailWithoutRecipientError extends TaskError {
  constructor(refused: readonly RefusedRecipient[]) {
    super('EMAIL_WITHOUT_RECIPIENT', false, `no recipient is left: ${countReasons(refused)}`);
  }
}

/** The mail server did not take the email. What it said is kept, without addresses. */
export class EmailNotSentError extends TaskError {
  constructor(cause: unknown) {
    // Not kept as `cause`: servers quote the recipient, and causes are logged and stored.
    super('EMAIL_NOT_SENT', !isFinal(cause), `the email was not taken: ${withoutAddresses(cause)}`);
  }
}

/** An app has a task that sends emails and no way to send them. */
export class MailTransportMissingError extends TaskError {
  constructor(className: string) {
    super(
      'MAIL_TRANSPORT_MISSING',
      false,
      `${className} sends emails; provide MAIL_TRANSPORT in a global module of this app`,
    );
  }
}

function countReasons(refused: readonly RefusedRecipient[]): string {
  if (refused.length === 0) return 'none was given';
  const counts = new Map<string, number>();
  for (const { reason } of refused) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} ${reason}`).join(', ');
}

function withoutAddresses(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.slice(0, 1_000).replace(/[^\s<>()"',;:]+@[^\s<>()"',;:]+/g, '[address]');
}

function isFinal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'isRetryable' in error && error.isRetryable === false;
}
