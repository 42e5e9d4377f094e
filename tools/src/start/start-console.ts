import { createWriteStream, existsSync, renameSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { ComplaintLimit } from './complaint-limit.ts';

const COLOURS = [
  'cyan',
  'magenta',
  'yellow',
  'blue',
  'green',
  'cyanBright',
  'magentaBright',
  'yellowBright',
] as const;
const LABEL_WIDTH = 16;

/** What the person at the terminal sees, and where the full logs go. */
export class StartConsole {
  private readonly colours = new Map<string, (typeof COLOURS)[number]>();
  private readonly limit = new ComplaintLimit((source, text) => this.note(source, text, 'warn'));
  private readonly files = new Map<string, WriteStream>();

  constructor(private readonly logsDirectory: string) {}

  /** A step of the start itself. */
  say(text: string): void {
    process.stdout.write(`  ${text}\n`);
  }

  /** A line about one process. */
  note(source: string, text: string, urgency: 'info' | 'warn' | 'error' = 'info'): void {
    const label = styleText(this.colourOf(source), source.padEnd(LABEL_WIDTH));
    const body = urgency === 'info' ? text : styleText(urgency === 'warn' ? 'yellow' : 'red', text);
    process.stdout.write(`  ${label} ${body}\n`);
  }

  /** A complaint in the log of a process. Of many in a short time only the first few are shown. */
  complain(source: string, text: string, urgency: 'warn' | 'error'): void {
    if (this.limit.admit(source)) this.note(source, text, urgency);
  }

  /** Keeps a line in the log file of a process; the file of the start before is kept beside it as `.1`. */
  keep(source: string, line: string): void {
    let file = this.files.get(source);
    if (file === undefined) {
      const path = join(this.logsDirectory, `${source}.log`);
      if (existsSync(path)) renameSync(path, `${path}.1`);
      file = createWriteStream(path, { mode: 0o600 });
      file.on('error', (error) => this.note(source, `its log cannot be written: ${error.message}`, 'warn'));
      this.files.set(source, file);
    }
    file.write(`${line}\n`);
  }

  async close(): Promise<void> {
    const files = [...this.files.values()];
    await Promise.all(files.map((file) => new Promise((resolve) => file.end(resolve))));
  }

  private colourOf(source: string): (typeof COLOURS)[number] {
    const known = this.colours.get(source);
    if (known !== undefined) return known;
    const colour = COLOURS[this.colours.size % COLOURS.length] ?? 'cyan';
    this.colours.set(source, colour);
    return colour;
  }
}
