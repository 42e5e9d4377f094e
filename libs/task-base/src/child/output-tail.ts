import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

const MAX_LENGTH = 8_000;
const SHOWN_LINES = 5;
const MAX_LINE_LENGTH = 200;

/** The end of what a process printed. What came before is read and dropped, so a process that prints for ever costs nothing. */
export class OutputTail {
  private text = '';
  private readonly decoder = new StringDecoder('utf8');

  constructor(output: Readable | null) {
    output?.on('data', (chunk: Buffer) => {
      this.text = (this.text + this.decoder.write(chunk)).slice(-MAX_LENGTH);
    });
    // A pipe that breaks with its process; the exit tells the story.
    output?.on('error', () => undefined);
  }

  includes(text: string): boolean {
    return this.text.includes(text);
  }

  /** The last lines, for people. Not redacted. */
  lastLines(): string {
    const lines = this.text.split('\n').map((line) => line.trim());
    return lines
      .filter((line) => line !== '')
      .slice(-SHOWN_LINES)
      .map((line) => line.slice(0, MAX_LINE_LENGTH))
      .join(' | ');
  }
}
