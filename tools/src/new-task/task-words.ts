/** One task name in all the forms its files use. */
export interface TaskWords {
  /** `send_invoice` */
  readonly name: string;
  /** `send-invoice`, of files and folders. */
  readonly file: string;
  /** `SendInvoice`, the handler. */
  readonly handler: string;
  /** `SendInvoiceJob`, the parameters. */
  readonly params: string;
  /** `SEND_INVOICE`, the catalog entry. */
  readonly entry: string;
}

/** At least two words: a verb and what it does it to. That also keeps the forms clear of JavaScript's own words. */
const TASK_NAME = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/;

const MAX_NAME_LENGTH = 64;

/** Whether a task may be called that. */
export function isTaskName(name: string): boolean {
  return TASK_NAME.test(name) && name.length <= MAX_NAME_LENGTH;
}

export function taskWords(name: string): TaskWords {
  const handler = pascalCase(name);
  return {
    name,
    file: name.replaceAll('_', '-'),
    handler,
    params: `${handler}Job`,
    entry: name.toUpperCase(),
  };
}

/** `night-rounds` or `night_rounds` to `NightRounds`. */
export function pascalCase(words: string): string {
  return words
    .split(/[-_]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
