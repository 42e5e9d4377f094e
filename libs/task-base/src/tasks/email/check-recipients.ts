import { checkAddress } from './email-address.ts';
import type { AddressProblem, DomainRules } from './email-address.ts';

/** An address that was not written to. The field is named so that redaction knows it for a personal detail. */
export interface RefusedRecipient {
  readonly email: string;
  readonly reason: AddressProblem;
}

/** The three kinds of recipients of an email. */
export interface Recipients {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
}

export interface CheckedRecipients extends Recipients {
  readonly refused: readonly RefusedRecipient[];
}

/**
 * Sorts recipients into those to write to and those refused, each with its reason. An address named twice is kept where it
 * stands first, `to` before `cc` before `bcc`, whatever its case: nobody gets an email twice.
 */
export function checkRecipients(recipients: Partial<Recipients>, rules: DomainRules = {}): CheckedRecipients {
  const seen = new Set<string>();
  const refused: RefusedRecipient[] = [];
  const sort = (addresses: readonly string[] = []): string[] =>
    addresses.flatMap((address) => {
      const checked = checkAddress(address, rules);
      const isRefused = 'problem' in checked;
      const key = (isRefused ? address : checked.email).toLowerCase();
      if (seen.has(key)) return [];
      seen.add(key);
      if (!isRefused) return [checked.email];
      refused.push({ email: address, reason: checked.problem });
      return [];
    });
  return { to: sort(recipients.to), cc: sort(recipients.cc), bcc: sort(recipients.bcc), refused };
}
