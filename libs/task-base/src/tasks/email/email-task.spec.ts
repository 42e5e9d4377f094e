import { Injectable } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CircuitBreakers } from '@bus/circuit-breaker';
import type { ExternalCall } from '@bus/circuit-breaker';
import { redact } from '@bus/observability';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeFailure } from '../../chain/failure-reason.ts';
import { taskContext } from '../../fixtures/task-run.fixture.ts';
import type { TaskContext } from '../task-context.ts';
import { EmailTask } from './email-task.ts';
import type { Email, EmailOutcome } from './email-task.ts';
import { MAIL_TRANSPORT } from './mail-transport.ts';
import type { MailReceipt, MailTransport, OutgoingEmail } from './mail-transport.ts';

@Injectable()
class Notify extends EmailTask<Email, EmailOutcome> {
  protected override readonly maxRecipients = 3;

  run(email: Email, ctx: TaskContext): Promise<EmailOutcome> {
    return this.sendEmail(email, ctx);
  }

  protected override domainRules() {
    return { deny: ['denied.example'] };
  }
}

/** A mail server in memory: keeps what it took, or answers as it is told. */
class MemoryTransport implements MailTransport {
  readonly sent: OutgoingEmail[] = [];
  answer = (): Promise<MailReceipt> => Promise.resolve({ refused: [] });

  send(email: OutgoingEmail): Promise<MailReceipt> {
    this.sent.push(email);
    return this.answer();
  }
}

/** A circuit that is always closed. */
const closedCircuits = {
  provide: CircuitBreakers,
  useValue: {
    call: (_service: string, _options: object, call: ExternalCall<unknown>) =>
      call(new AbortController().signal),
  },
};

async function start(providers: Provider[]): Promise<Notify> {
  class App {}
  const module = { module: App, providers: [Notify, closedCircuits, ...providers] };
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  return app.get(Notify);
}

describe('EmailTask', () => {
  const email: Email = { to: ['ann@example.com'], subject: 'Round at 22:00', text: 'All quiet.' };
  let transport: MemoryTransport;
  let task: Notify;
  const failure = (changes: Partial<Email>) =>
    task.run({ ...email, ...changes }, taskContext()).then(
      () => expect.unreachable('it must fail'),
      (error: unknown) => error,
    );

  beforeEach(async () => {
    transport = new MemoryTransport();
    task = await start([{ provide: MAIL_TRANSPORT, useValue: transport }]);
  });

  it('hands over what was checked', async () => {
    const to = ['ann@example.com', 'nobody', 'bob@denied.example'];
    expect(await task.run({ ...email, to }, taskContext())).toEqual({
      accepted: 1,
      refused: [
        { email: 'nobody', reason: 'syntax' },
        { email: 'bob@denied.example', reason: 'domain_denied' },
      ],
    });
    expect(transport.sent).toEqual([
      { ...email, cc: [], bcc: [], idempotencyKey: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    ]);
  });

  it('sends the same email of the same job under the same key', async () => {
    await task.run(email, taskContext());
    await task.run(email, taskContext({ attempt: 2 }));
    await task.run(email, taskContext({ jobId: 'echo-2' }));
    await task.run({ ...email, to: ['bob@example.com'] }, taskContext());
    const keys = transport.sent.map(({ idempotencyKey }) => idempotencyKey);
    expect(keys[1]).toBe(keys[0]);
    expect(new Set(keys).size).toBe(3);
  });

  it('counts recipients the server refuses, and fails when it refuses them all', async () => {
    const refused = { email: 'bob@example.com', reason: 'refused_by_server' } as const;
    transport.answer = () => Promise.resolve({ refused: [refused] });
    expect(await task.run({ ...email, cc: ['bob@example.com'] }, taskContext())).toEqual({
      accepted: 1,
      refused: [refused],
    });
    expect(await failure({ to: ['bob@example.com'] })).toMatchObject({ code: 'EMAIL_WITHOUT_RECIPIENT' });
  });

  it.each([
    ['a subject that begins another header', { subject: 'Hi\r\nBcc: everybody@example.com' }],
    ['a subject with another kind of line end', { subject: 'Hi\u2028Bcc: everybody@example.com' }],
    ['no subject', { subject: '' }],
    ['an answer address that begins another header', { replyTo: 'ann@example.com\nBcc: bob@example.com' }],
    ['more recipients than one email may have', { bcc: ['a@b.cd', 'c@b.cd', 'd@b.cd'] }],
  ])('refuses %s for good, and sends nothing', async (_what, changes) => {
    expect(await failure(changes)).toMatchObject({ code: 'EMAIL_INVALID', isRetryable: false });
    expect(transport.sent).toEqual([]);
  });

  it('fails for good when nobody is left to write to, and says why without an address', async () => {
    const error = await failure({ to: ['nobody', 'bob@denied.example'] });
    expect(error).toMatchObject({ isRetryable: false });
    expect(describeFailure(error)).toBe(
      'EMAIL_WITHOUT_RECIPIENT: no recipient is left: 1 syntax, 1 domain_denied',
    );
    expect(await failure({ to: [] })).toMatchObject({ message: 'no recipient is left: none was given' });
  });

  it('keeps addresses out of what is logged and stored when the server quotes them', async () => {
    transport.answer = () =>
      Promise.reject(new Error('451 <ann@example.com>: mailbox of ann@example.com busy'));
    const error = await failure({});
    expect(error).toMatchObject({ code: 'EMAIL_NOT_SENT', isRetryable: true });
    expect(describeFailure(error)).toContain('451 <[address]>: mailbox of [address] busy');
    expect((error as Error).stack).not.toContain('ann@');
    expect((error as Error).cause).toBeUndefined();
  });

  it('leaves it to the transport whether another attempt makes sense', async () => {
    transport.answer = () =>
      Promise.reject(Object.assign(new Error('bad credentials'), { isRetryable: false }));
    expect(await failure({})).toMatchObject({ code: 'EMAIL_NOT_SENT', isRetryable: false });
  });

  it('lists refused recipients so that the stored result does not show them', () => {
    const outcome: EmailOutcome = { accepted: 0, refused: [{ email: 'bob@example.com', reason: 'syntax' }] };
    expect(JSON.stringify(redact(outcome))).not.toContain('bob');
  });

  it('keeps an app without a mail transport from starting', async () => {
    await expect(start([])).rejects.toThrow(
      'Notify sends emails; provide MAIL_TRANSPORT in a global module of this app',
    );
  });
});
