import { BaseTask } from './base-task.ts';
import { withBroadcasts } from './broadcasts.ts';

/** A task that speaks to browsers: `BaseTask` with the methods of `Broadcasts`. */
export abstract class BroadcastTask<P extends object, R = void> extends withBroadcasts(BaseTask)<P, R> {}
