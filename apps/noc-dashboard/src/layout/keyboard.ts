/** What a key asks for. */
export type Command =
  | 'next'
  | 'previous'
  | 'first'
  | 'last'
  | 'acknowledge'
  | 'resolve'
  | 'open'
  | 'note'
  | 'filter'
  | 'help'
  | 'close';

export interface Key {
  readonly key: string;
  readonly hasModifier: boolean;
  readonly isRepeat: boolean;
  /** The key was pressed where text is typed. */
  readonly isTyping: boolean;
  /** The key was pressed on the list itself, not on a button in it. */
  readonly isOnList: boolean;
}

/** Letters act anywhere outside of text fields, and can be switched off. */
const LETTERS: Readonly<Record<string, Command>> = {
  j: 'next',
  k: 'previous',
  a: 'acknowledge',
  r: 'resolve',
  n: 'note',
  '/': 'filter',
  '?': 'help',
};

/** Keys of the list, as every list has them. */
const LIST_KEYS: Readonly<Record<string, Command>> = {
  ArrowDown: 'next',
  ArrowUp: 'previous',
  Home: 'first',
  End: 'last',
  Enter: 'open',
};

/** What decides an alert must be pressed on purpose: a held key must not run down the list. */
const ONCE_PER_PRESS: ReadonlySet<Command> = new Set(['acknowledge', 'resolve']);

/** The command of a key press, or null when the key is none of ours. */
export function commandOf(pressed: Key, areLettersOn: boolean): Command | null {
  if (pressed.hasModifier) return null;
  if (pressed.key === 'Escape') return 'close';
  if (pressed.isTyping) return null;
  const command =
    (areLettersOn ? LETTERS[pressed.key] : undefined) ??
    (pressed.isOnList ? LIST_KEYS[pressed.key] : undefined) ??
    null;
  return command !== null && pressed.isRepeat && ONCE_PER_PRESS.has(command) ? null : command;
}

/** For the help page: what to press, in the order it is explained. */
export const SHORTCUTS: readonly { readonly keys: readonly string[]; readonly does: string }[] = [
  { keys: ['j', '↓'], does: 'Next alert' },
  { keys: ['k', '↑'], does: 'Previous alert' },
  { keys: ['a'], does: 'Acknowledge the selected alert' },
  { keys: ['r'], does: 'Resolve the selected alert' },
  { keys: ['Enter'], does: 'Open the details (on the list)' },
  { keys: ['n'], does: 'Write a note' },
  { keys: ['/'], does: 'Filter by text' },
  { keys: ['Esc'], does: 'Leave a field, close the side panel' },
  { keys: ['?'], does: 'This page' },
];
