/** What a screen reader is told. `id` makes a repeated sentence a new one. */
export interface Announcement {
  readonly id: number;
  readonly text: string;
}

export interface AnnouncementState {
  /** Interrupts: new critical alerts, a lost connection. */
  readonly assertive: Announcement;
  /** Waits its turn: everything else. */
  readonly polite: Announcement;
}

export interface AnnouncementAction {
  readonly urgency: 'assertive' | 'polite';
  readonly text: string;
}

const SILENCE: Announcement = { id: 0, text: '' };
export const initialAnnouncementState: AnnouncementState = { assertive: SILENCE, polite: SILENCE };

export function reduceAnnouncements(
  state: AnnouncementState,
  { urgency, text }: AnnouncementAction,
): AnnouncementState {
  return { ...state, [urgency]: { id: state[urgency].id + 1, text } };
}
