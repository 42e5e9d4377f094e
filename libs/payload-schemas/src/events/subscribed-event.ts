import type { AlertView } from './alert-view.ts';

/**
 * How a group's history met what the browser last saw: `live` nothing asked and nothing sent, `replayed` every missed
 * event was sent in order, `snapshot` the present state is in `snapshot`, `gap` events are lost and `reason` says why.
 */
export const RESUME_RESULTS = ['live', 'replayed', 'snapshot', 'gap'] as const;
export type ResumeResult = (typeof RESUME_RESULTS)[number];

export interface SubscribedGroup {
  group: string;
  result: ResumeResult;
  /** Events replayed before this notice. */
  replayed: number;
  epoch: string;
  offset: string;
  reason?: string;
  snapshot?: AlertView[];
}

/** The event `subscribed`: sent once per connection, after every missed event. */
export interface SubscribedEvent {
  groups: SubscribedGroup[];
  server_time: string;
  user: { id: number; username: string; role: string; tenant_id: number | null };
}
