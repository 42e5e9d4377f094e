import type { DestinationStream } from 'pino';

/** What the root logger writes, read back. */
interface LogRecord {
  readonly time: string;
  readonly level: string;
  readonly app: string;
  readonly msg?: string;
  readonly context?: string;
  readonly err?: { readonly message: string; readonly stack?: string };
}

/** Fields that have their own place in the line or are the same in every line. */
const SHOWN_APART = new Set(['time', 'level', 'msg', 'context', 'app', 'instance', 'err']);

/** Turns JSON log lines into lines for a person at a terminal: time, level, context, message, fields, stack. */
export function prettyDestination(write: (text: string) => void): DestinationStream {
  return {
    write(line: string): void {
      const record: LogRecord = JSON.parse(line);
      const time = record.time.slice(11, 23);
      const level = record.level.toUpperCase().padEnd(5);
      const fields = Object.entries(record).filter(([name]) => !SHOWN_APART.has(name));
      const extra = fields.length > 0 ? ` ${JSON.stringify(Object.fromEntries(fields))}` : '';
      const context = record.context ? ` [${record.context}]` : '';
      const stack = record.err ? `\n${record.err.stack ?? record.err.message}` : '';
      write(`${time} ${level} ${record.app}${context} ${record.msg ?? ''}${extra}${stack}\n`);
    },
  };
}
