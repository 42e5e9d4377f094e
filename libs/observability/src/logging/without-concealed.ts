import { currentScope } from '../scope/work-scope.ts';

/** The text without the values that are secret where this is called. */
export function withoutConcealed(text: string): string {
  return currentScope()?.concealed?.clean(text) ?? text;
}
