import { createInterface } from 'node:readline/promises';
import type { Screen } from './output/screen.ts';

/** Where a command writes and whom it may ask. */
export interface Terminal {
  readonly screen: Screen;
  /** Somebody sits there and can answer. */
  readonly isInteractive: boolean;
  /** Output is a terminal whose content can be replaced. */
  readonly canRedraw: boolean;
  write(text: string): void;
  complain(text: string): void;
  /** True for yes. Only where `isInteractive`. */
  ask(question: string): Promise<boolean>;
}

/** The terminal of this process. Colours follow NO_COLOR and FORCE_COLOR as Node itself does. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  // A reader that has seen enough (`bus job find | head`) ends the command, and is no fault of it.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  return {
    get screen() {
      const width = stdout.isTTY ? stdout.columns : Infinity; // Nobody looks: programs get whole values.
      return { width, hasColors: stdout.isTTY && stdout.hasColors() };
    },
    isInteractive: stdin.isTTY && stdout.isTTY,
    canRedraw: stdout.isTTY,
    write: (text) => stdout.write(text),
    complain: (text) => stderr.write(text),
    ask: async (question) => {
      const lines = createInterface({ input: stdin, output: stdout });
      try {
        return /^y(?:es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
      } finally {
        lines.close();
      }
    },
  };
}
