import { redactText } from '@bus/observability';
import { CliError } from './cli.errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { printable } from './output/printable.ts';

export interface DescribedError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly exitCode: ExitCode;
}

/** Errors of our libraries that say the caller is at fault. */
const CALLERS_FAULT = new Set([
  'SETTINGS_INVALID',
  'TASK_PARAMS_INVALID',
  'TASK_PARAMS_TOO_LARGE',
  'TASK_SEARCH_INVALID',
]);

/** Errors of our libraries and of the drivers below them that say a server is away. */
const SERVER_AWAY = new Set([
  'TASK_QUEUE_UNAVAILABLE',
  'MQTT_UNAVAILABLE',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
]);

/** What went wrong, in words without secrets, and the exit code for it. */
export function describeError(error: unknown): DescribedError {
  const message = error instanceof Error ? error.message : String(error);
  const shown = redactText(message).split('\n').map(printable).join('\n');
  if (error instanceof CliError) {
    const { code, exitCode, hint } = error;
    return {
      code,
      message: shown,
      exitCode,
      ...(hint === undefined ? {} : { hint: printable(redactText(hint)) }),
    };
  }
  const code = codeOf(error);
  if (CALLERS_FAULT.has(code)) return { code, message: shown, exitCode: EXIT.usage };
  if (SERVER_AWAY.has(code) || isConnectionLost(error))
    return { code, message: shown, exitCode: EXIT.unreachable };
  return { code, message: shown, exitCode: EXIT.problem };
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'FAILED';
}

/** The Redis client's own errors for a connection that went away have names instead of codes. */
function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.name === 'MaxRetriesPerRequestError' ||
    /^(?:Connection is closed|Command timed out|Redis did not answer)/.test(error.message)
  );
}
