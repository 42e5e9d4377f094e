/** The task cannot be made as asked. Nothing was written; the message is for the person who asked. */
export class NewTaskRefusedError extends Error {
  readonly code = 'NEW_TASK_REFUSED';

  constructor(message: string) {
    super(message);
    this.name = 'NewTaskRefusedError';
  }
}
