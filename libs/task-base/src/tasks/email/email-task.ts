import { createHash } from 'node:crypto';
import { Inject, Optional } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { ExternalServiceTask } from '../external-service-task.ts';
import type { TaskContext } from '../task-context.ts';
import { checkRecipients } from './check-recipients.ts';
import type { CheckedRecipients, Recipients, RefusedRecipient } from './check-recipients.ts';
import { checkAddress } from './email-address.ts';
import type { DomainRules } from './email-address.ts';
import {
  EmailInvalidError,
  EmailNotSentError,
  EmailWithoutRecipientError,
  MailTransportMissingError,
} from './email.errors.ts';
import { MAIL_TRANSPORT } from './mail-transport.ts';
import type { MailReceipt, MailTransport, OutgoingEmail } from './mail-transport.ts';

/** An email as a task writes it. At least one of `to`, `cc` and `bcc` names somebody. */
export interface Email extends Partial<Recipients> {
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  readonly replyTo?: string;
}

export interface EmailOutcome {
  /** Recipients the mail server has taken the email for. */
  readonly accepted: number;
  readonly refused: readonly RefusedRecipient[];
}

/** A header field of one line (RFC 5322, 2.1.1). */
const MAX_SUBJECT_LENGTH = 998;

/** What could end a header and begin another one, in any mail program. */
const CONTROL_CHARACTER = /[\p{Cc}\u2028\u2029]/u;

/** The circuit all mail goes through. */
const MAIL_SERVICE = 'smtp';

const SEND_TIMEOUT_MS = 10_000;

/**
 * A task that sends emails through the app's `MAIL_TRANSPORT`. Every address is checked first; the bad ones are left out and
 * listed, the others get the email. Neither logs nor stored errors show an address. While the circuit of the mail server is
 * open, its runs are put aside without using up an attempt.
 */
export abstract class EmailTask<P extends object, R = void>
  extends ExternalServiceTask<P, R>
  implements OnModuleInit
{
  @Optional() @Inject(MAIL_TRANSPORT) private readonly transport?: MailTransport;

  /** The most recipients of one email, all kinds together. More are a mistake or a list that wants another way. */
  protected readonly maxRecipients: number = 50;

  /** Domains this task may write to. @default all */
  protected domainRules(): DomainRules {
    return {};
  }

  /** @throws MailTransportMissingError before the app takes work */
  onModuleInit(): void {
    if (this.transport === undefined) throw new MailTransportMissingError(this.constructor.name);
  }

  /**
   * Sends one email. A job that runs again sends it again, under the same `idempotencyKey`.
   *
   * @throws EmailInvalidError, EmailWithoutRecipientError (not retryable), EmailNotSentError (as the transport says), and as
   * `externalServiceCall`
   */
  protected async sendEmail(email: Email, ctx: TaskContext): Promise<EmailOutcome> {
    const recipients = this.checked(email);
    const { subject, text, html, replyTo } = email;
    const { to, cc, bcc } = recipients;
    const { refused } = await this.handOver({
      to,
      cc,
      bcc,
      subject,
      text,
      ...(html === undefined ? {} : { html }),
      ...(replyTo === undefined ? {} : { replyTo }),
      idempotencyKey: idempotencyKey(ctx.jobId, recipients, subject),
    });
    const accepted = countOf(recipients) - refused.length;
    if (accepted <= 0) throw new EmailWithoutRecipientError([...recipients.refused, ...refused]);
    return { accepted, refused: [...recipients.refused, ...refused] };
  }

  private checked(email: Email): CheckedRecipients {
    const { subject, replyTo, to = [], cc = [], bcc = [] } = email;
    if (subject.length === 0 || subject.length > MAX_SUBJECT_LENGTH) {
      throw new EmailInvalidError(
        'subject',
        `has ${subject.length} characters, not 1 to ${MAX_SUBJECT_LENGTH}`,
      );
    }
    if (CONTROL_CHARACTER.test(subject)) throw new EmailInvalidError('subject', 'has a control character');
    if (replyTo !== undefined && 'problem' in checkAddress(replyTo)) {
      throw new EmailInvalidError('replyTo', 'is no address');
    }
    const given = to.length + cc.length + bcc.length;
    if (given > this.maxRecipients) {
      throw new EmailInvalidError('recipients', `are ${given}, more than ${this.maxRecipients}`);
    }
    const recipients = checkRecipients(email, this.domainRules());
    if (countOf(recipients) === 0) throw new EmailWithoutRecipientError(recipients.refused);
    return recipients;
  }

  private async handOver(email: OutgoingEmail): Promise<MailReceipt> {
    const { transport } = this;
    if (transport === undefined) throw new MailTransportMissingError(this.constructor.name);
    // An email that no server would take says nothing about this one.
    const isFailure = (error: unknown): boolean => !(error instanceof EmailNotSentError) || error.isRetryable;
    return this.externalServiceCall(
      MAIL_SERVICE,
      { timeoutMs: SEND_TIMEOUT_MS, isFailure },
      async (signal) => {
        try {
          return await transport.send(email, signal);
        } catch (error) {
          throw new EmailNotSentError(error);
        }
      },
    );
  }
}

function countOf({ to, cc, bcc }: Recipients): number {
  return to.length + cc.length + bcc.length;
}

/** Recipients belong to it: a job may send one email to each of many. */
function idempotencyKey(jobId: string, { to, cc, bcc }: Recipients, subject: string): string {
  return createHash('sha256')
    .update(JSON.stringify([jobId, to, cc, bcc, subject]))
    .digest('hex');
}
