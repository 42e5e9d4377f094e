import type { Store } from '../state/store.ts';

/** A message about something the operator did. It stays until it is dismissed: a failure must not slip away. */
export interface Message {
  readonly id: number;
  readonly title: string;
  readonly detail: string;
  readonly at: number;
}

export interface MessageState {
  readonly messages: readonly Message[];
  readonly nextId: number;
}

export type MessageAction =
  | { readonly type: 'added'; readonly title: string; readonly detail: string; readonly now: number }
  | { readonly type: 'dismissed'; readonly id: number }
  | { readonly type: 'all_dismissed' };

export const initialMessageState: MessageState = { messages: [], nextId: 1 };

/** More than this would cover the list; the oldest go. */
const MAX_MESSAGES = 4;

export function reduceMessages(state: MessageState, action: MessageAction): MessageState {
  switch (action.type) {
    case 'added': {
      const others = state.messages.filter(
        ({ title, detail }) => title !== action.title || detail !== action.detail,
      );
      const message = { id: state.nextId, title: action.title, detail: action.detail, at: action.now };
      return { messages: [...others, message].slice(-MAX_MESSAGES), nextId: state.nextId + 1 };
    }
    case 'dismissed':
      return { ...state, messages: state.messages.filter((message) => message.id !== action.id) };
    case 'all_dismissed':
      return { ...state, messages: [] };
  }
}

/** Tells the operator that something they asked for did not happen. */
export class Notifier {
  constructor(private readonly store: Store<MessageState, MessageAction>) {}

  /** `title` says what failed, `detail` why and what to do. */
  failed(title: string, detail: string): void {
    this.store.dispatch({ type: 'added', title, detail, now: Date.now() });
  }
}
