import type { Logger } from '@nestjs/common';
import { RepeatedWarning } from '@bus/platform';

/** One rate-limited warning per source, so that a queue in trouble does not drown the others in the log. */
export class RepeatedWarnings {
  private readonly warnings = new Map<string, RepeatedWarning>();
  private readonly logger: Logger;

  constructor(logger: Logger) {
    this.logger = logger;
  }

  warn(source: string, error: unknown): void {
    let warning = this.warnings.get(source);
    if (warning === undefined) {
      warning = new RepeatedWarning(this.logger);
      this.warnings.set(source, warning);
    }
    warning.warn(source, error instanceof Error ? error : new Error(String(error)));
  }
}
