import { TaskError } from '../task-base.errors.ts';

/** A search that cannot be carried out as it was asked for. */
export class JobSearchError extends TaskError {
  constructor(problem: string) {
    super('TASK_SEARCH_INVALID', false, problem);
  }
}
