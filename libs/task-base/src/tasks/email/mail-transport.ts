import type { Recipients, RefusedRecipient } from './check-recipients.ts';

/** Injection token of the `MailTransport` of the app. Provide it in a global module. */
export const MAIL_TRANSPORT = Symbol('MAIL_TRANSPORT');

/** An email whose every part was checked. Header values hold no control characters. */
export interface OutgoingEmail extends Recipients {
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  readonly replyTo?: string;
  /**
   * The same for every attempt of a job at this email. A transport whose server knows such keys passes it on, any other uses
   * it in the Message-ID: then an email sent again, because its worker died, is one email to the reader.
   */
  readonly idempotencyKey: string;
}

export interface MailReceipt {
  /** Recipients the server will never write to, reason `refused_by_server`. The others have been taken. */
  readonly refused: readonly RefusedRecipient[];
}

/** The way out to a mail server: SMTP, or the API of a provider. It knows the sender's address and the credentials. */
export interface MailTransport {
  /**
   * Hands one email over; resolves when the server has taken it for at least one recipient. Rejects when it took none and may
   * later, or, with `isRetryable: false`, never will.
   */
  send(email: OutgoingEmail, signal: AbortSignal): Promise<MailReceipt>;
}
