import { EXIT, type ExitCode } from './exit-codes.ts';

export type CliErrorCode = 'USAGE' | 'CONFIRMATION_NEEDED' | 'DECLINED' | 'NOT_FOUND' | 'UNREACHABLE';

/** Ends a command with a message for people and an exit code for programs. */
export class CliError extends Error {
  readonly code: CliErrorCode;
  readonly exitCode: ExitCode;
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(
    code: CliErrorCode,
    exitCode: ExitCode,
    message: string,
    options: ErrorOptions & { hint?: string } = {},
  ) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.exitCode = exitCode;
    this.hint = options.hint;
  }
}

/** The command cannot be meant like this. */
export class UsageError extends CliError {
  constructor(message: string, hint?: string) {
    super('USAGE', EXIT.usage, message, hint === undefined ? {} : { hint });
  }
}

/** There is nobody to ask, and something would be gone for good. */
export class ConfirmationNeededError extends CliError {
  constructor(what: string) {
    super('CONFIRMATION_NEEDED', EXIT.usage, `${what} Nothing was changed.`, { hint: 'add --yes to do it' });
  }
}

/** The answer was no. */
export class DeclinedError extends CliError {
  constructor() {
    super('DECLINED', EXIT.problem, 'Nothing was changed.');
  }
}

/** What was named does not exist. */
export class NotFoundError extends CliError {
  constructor(message: string, hint?: string) {
    super('NOT_FOUND', EXIT.problem, message, hint === undefined ? {} : { hint });
  }
}

/** A server does not answer, or lets nobody in. */
export class UnreachableError extends CliError {
  constructor(message: string, hint: string, cause?: unknown) {
    super('UNREACHABLE', EXIT.unreachable, message, { hint, ...(cause === undefined ? {} : { cause }) });
  }

  /** For a server that does not answer, or not as it should; `source` is where its address is from. */
  static ofServer(name: string, source: string, cause: unknown): UnreachableError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new UnreachableError(
      `${name} cannot be used: ${reason}.`,
      `its address is from ${source}; see whether it runs, and whether the address and the password are right`,
      cause,
    );
  }
}
