import { setTimeout as sleep } from 'node:timers/promises';
import { redact, redactText } from '@bus/observability';
import { ConfirmationNeededError, DeclinedError, UsageError } from './cli.errors.ts';
import { describeError } from './describe-error.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { printableJson } from './output/printable.ts';
import type { Report } from './output/report.ts';
import type { Session } from './session/session.ts';
import type { Terminal } from './terminal.ts';

/** Options every command understands. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
  /** Between two looks, with `watch`. */
  readonly interval?: number;
  readonly yes?: boolean;
}

type AuditEntry = Parameters<Session['record']>[0];

/** What the work of a command may use. */
export interface CommandContext {
  readonly session: Session;
  /** Tells people something beside the report; programs do not want it. */
  note(text: string): void;
  /** From when it is called: aborted by Ctrl-C, which then no longer ends the process. */
  interruption(): AbortSignal;
  /**
   * Resolves when it is all right to do what cannot be undone.
   * @throws ConfirmationNeededError where there is nobody to ask, DeclinedError when the answer was no
   */
  confirm(what: string): Promise<void>;
  /** Notes in the audit trail what was done. Where that is not possible the person is told: the thing itself has happened. */
  record(entry: AuditEntry): Promise<void>;
}

export type Work = (context: CommandContext) => Promise<Report>;

/** Runs the work of one command: hands out the session, shows the report, turns what goes wrong into a message and an exit code. */
export class CommandRunner {
  /** Of the command that ran; what `main` ends with. */
  exitCode: ExitCode = EXIT.ok;
  readonly #session: Session;
  readonly #terminal: Terminal;
  readonly #interruption: () => AbortSignal;
  readonly #options: () => GlobalOptions;

  constructor(parts: {
    session: Session;
    terminal: Terminal;
    /** Aborted when the person has seen enough of what is watched. */
    interruption: () => AbortSignal;
    options: () => GlobalOptions;
  }) {
    this.#session = parts.session;
    this.#terminal = parts.terminal;
    this.#interruption = parts.interruption;
    this.#options = parts.options;
  }

  /** Does the work once. */
  async run(work: Work): Promise<void> {
    await this.#guarded(async () => {
      if (this.#options().watch === true) throw new UsageError('This command cannot be watched.');
      this.#show(await work(this.#context()));
    });
  }

  /** Does the work once, or with --watch again and again until it is stopped. */
  async runWatchable(work: Work): Promise<void> {
    const { watch, interval = 2 } = this.#options();
    if (watch !== true) return this.run(work);
    await this.#guarded(async () => {
      const stopped = this.#interruption();
      while (!stopped.aborted) {
        const report = await work(this.#context());
        // Cleared only when the next picture is there, so that it does not flicker.
        if (this.#terminal.canRedraw && this.#options().json !== true)
          this.#terminal.write('\u001b[2J\u001b[H');
        this.#show(report);
        await sleep(interval * 1_000, undefined, { signal: stopped }).catch(() => undefined);
      }
      this.exitCode = EXIT.ok;
    });
  }

  /** Shows what went wrong, wherever it did. */
  fail(error: unknown): void {
    const { code, message, hint, exitCode } = describeError(error);
    this.exitCode = exitCode;
    if (this.#options().json === true) {
      const document = { error: { code, message, ...(hint === undefined ? {} : { hint }) } };
      this.#terminal.complain(`${printableJson(JSON.stringify(document))}\n`);
    } else {
      this.#terminal.complain(`${message}\n${hint === undefined ? '' : `Hint: ${ended(hint)}\n`}`);
    }
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.fail(error);
    }
  }

  #show({ data, text, exitCode }: Report): void {
    const { json, watch } = this.#options();
    this.exitCode = exitCode ?? EXIT.ok;
    // With --watch a line is one look; alone, the document is laid out for reading.
    // Both are free of secrets already; that is made sure of once more where everything passes.
    const output =
      json === true
        ? printableJson(JSON.stringify(redact(data), null, watch === true ? undefined : 2))
        : redactText(text(this.#terminal.screen));
    this.#terminal.write(`${output}\n`);
  }

  #context(): CommandContext {
    const session = this.#session;
    return {
      session,
      note: (text) => {
        if (this.#options().json !== true) this.#terminal.complain(`${text}\n`);
      },
      interruption: this.#interruption,
      confirm: (what) => this.#confirm(what),
      record: async (entry) => {
        try {
          await session.record(entry);
        } catch (error) {
          this.#terminal.complain(
            `Done, but not noted in the audit trail: ${describeError(error).message}\n`,
          );
        }
      },
    };
  }

  async #confirm(what: string): Promise<void> {
    const { yes, json } = this.#options();
    if (yes === true) return;
    if (!this.#terminal.isInteractive || json === true) throw new ConfirmationNeededError(what);
    if (!(await this.#terminal.ask(`${what} Go on?`))) throw new DeclinedError();
  }
}

/** As a sentence; a question is one already. */
function ended(hint: string): string {
  return /[?…]$/.test(hint) ? hint : `${hint}.`;
}
