import type { ExitCode } from '../exit-codes.ts';
import type { Screen } from './screen.ts';

/** What a command has to say: once for programs, once for people. */
export interface Report {
  /** Becomes the JSON document. Free of secrets. */
  readonly data: unknown;
  readonly text: (screen: Screen) => string;
  /** @default ok */
  readonly exitCode?: ExitCode;
}
