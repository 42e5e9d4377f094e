import { describe, expect, it } from 'vitest';
import { checkRecipients } from './check-recipients.ts';
import { checkAddress } from './email-address.ts';

describe('checkAddress', () => {
  it.each([
    'ann@example.com',
    "o'hara+alerts@mail.example.co.uk",
    'a.b_c-d@x-y.example',
    '1234567890@example.com',
    `${'a'.repeat(64)}@example.com`,
  ])('takes %s', (address) => {
    expect(checkAddress(address)).toEqual({ email: address });
  });

  it.each([
    '',
    'ann',
    '@example.com',
    'ann@',
    'ann@localhost',
    'ann@@example.com',
    'ann@exa mple.com',
    '.ann@example.com',
    'ann.@example.com',
    'a..b@example.com',
    'ann@-example.com',
    'ann@example-.com',
    'ann@example..com',
    'ann@example.com.',
    '"ann b"@example.com',
    'Ann <ann@example.com>',
    'ann@[127.0.0.1]',
    'ann@127.0.0.1',
    'ann@１.２.３.４',
    'änn@example.com',
    'ann@example.com, bob@example.com',
    ' ann@example.com',
    'ann@example.com\n',
    'ann@example.com\r\nBcc: everybody@example.com',
    'ann\0@example.com',
  ])('refuses %j', (address) => {
    expect(checkAddress(address)).toEqual({ problem: 'syntax' });
  });

  it.each([`${'a'.repeat(65)}@example.com`, `ann@${'a.'.repeat(130)}com`])(
    'refuses what is longer than a mail server takes',
    (address) => {
      expect(checkAddress(address)).toEqual({ problem: 'too_long' });
    },
  );

  it('writes a domain the way it travels', () => {
    expect(checkAddress('Ann@EXAMPLE.com')).toEqual({ email: 'Ann@example.com' });
    expect(checkAddress('ann@Bücher.example')).toEqual({ email: 'ann@xn--bcher-kva.example' });
  });

  it('is quick with hostile text', () => {
    const startedAt = performance.now();
    checkAddress(`${'a.'.repeat(500_000)}@${'b.'.repeat(500_000)}`);
    expect(checkAddress(`a@${'b-'.repeat(120)}`)).toEqual({ problem: 'syntax' });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it.each([
    [{ deny: ['example.com'] }, { problem: 'domain_denied' }],
    [{ deny: ['EXAMPLE.com'], allow: ['example.com'] }, { problem: 'domain_denied' }],
    [{ deny: ['mail.example.com'] }, { email: 'ann@example.com' }],
    [{ deny: ['ample.com'] }, { email: 'ann@example.com' }],
    [{ allow: ['example.com'] }, { email: 'ann@example.com' }],
    [{ allow: ['com'] }, { email: 'ann@example.com' }],
    [{ allow: ['example.org'] }, { problem: 'domain_not_allowed' }],
    [{ allow: [] }, { problem: 'domain_not_allowed' }],
  ])('follows the domain rules %j', (rules, outcome) => {
    expect(checkAddress('ann@example.com', rules)).toEqual(outcome);
  });
});

describe('checkRecipients', () => {
  it('keeps the good ones, each once, and lists the others with their reason', () => {
    const recipients = {
      to: ['ann@example.com', 'ANN@example.com', 'bob'],
      cc: ['ann@example.com', 'carl@example.com'],
      bcc: ['bob', 'dora@denied.example', 'carl@EXAMPLE.com'],
    };
    expect(checkRecipients(recipients, { deny: ['denied.example'] })).toEqual({
      to: ['ann@example.com'],
      cc: ['carl@example.com'],
      bcc: [],
      refused: [
        { email: 'bob', reason: 'syntax' },
        { email: 'dora@denied.example', reason: 'domain_denied' },
      ],
    });
  });
});
