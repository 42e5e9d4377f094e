import { currentScope, runInScope } from '../scope/work-scope.ts';
import type { ConcealedValues } from './concealed-values.ts';

/** Runs `fn`, and everything it awaits, with the values kept out of logs and redacted copies. More may be added meanwhile. */
export function runConcealing<T>(values: ConcealedValues, fn: () => T): T {
  return runInScope({ concealed: values }, fn);
}

/** The text without the values that are secret where this is called. */
export function withoutConcealed(text: string): string {
  return currentScope()?.concealed?.clean(text) ?? text;
}
