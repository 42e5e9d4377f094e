/**
 * The attribute names in use. Those of OpenTelemetry's messaging conventions are still in development there and will be
 * renamed once more, so they have this one home.
 */
export const SPAN_ATTRIBUTES = {
  system: 'messaging.system',
  /** 'send' or 'process'. */
  operationType: 'messaging.operation.type',
  operationName: 'messaging.operation.name',
  /** The queue. */
  destination: 'messaging.destination.name',
  messageId: 'messaging.message.id',
  conversationId: 'messaging.message.conversation_id',
  batchMessageCount: 'messaging.batch.message_count',
  /** Our own: the name of the task. */
  task: 'bus.task.name',
  /** Our own: 1 for the first run of a job. */
  attempt: 'bus.task.attempt',
  errorType: 'error.type',
  exceptionType: 'exception.type',
  exceptionMessage: 'exception.message',
  exceptionStack: 'exception.stacktrace',
} as const;
