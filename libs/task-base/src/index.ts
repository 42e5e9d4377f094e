export { QUEUES, QUEUE_NAMES } from './queues/queue-catalog.ts';
export type { KeptJobs, QueueDefinition, QueueName, RetryPolicy } from './queues/queue-catalog.ts';
export { HIGHEST_PRIORITY, toBullPriority } from './queues/job-priority.ts';
export { JOB_STATES, queueStates } from './queues/queue-states.ts';
export type { JobState, QueueState } from './queues/queue-states.ts';

export { defineTask } from './tasks/define-task.ts';
export type {
  ChildLimits,
  IdempotentTaskDefinition,
  TaskDefinition,
  TaskSpecification,
} from './tasks/define-task.ts';
export { TASK_CATALOG } from './catalog/task-catalog.ts';
export { findTask, taskNamed } from './catalog/task-names.ts';
export type { ParamsOf, TaskName, TaskNamed } from './catalog/task-names.ts';
export { PROCESS_COMMAND_REPLY } from './catalog/process-command-reply.ts';
export { PROCESS_DEVICE_ALERT, deviceAlertJobId } from './catalog/process-device-alert.ts';
export { PROCESS_DEVICE_TELEMETRY } from './catalog/process-device-telemetry.ts';
export { PROCESS_GUARD_GPS } from './catalog/process-guard-gps.ts';
export { PROCESS_SENSOR_DATA } from './catalog/process-sensor-data.ts';
export { PROCESS_SYSTEM_HEALTH } from './catalog/process-system-health.ts';
export { PUBLISH_MQTT } from './catalog/publish-mqtt.ts';

export { TaskClient } from './client/task-client.ts';
export type { EnqueueItem, EnqueueOptions, EnqueueReceipt } from './client/task-client.ts';
export { TaskClientModule } from './client/task-client.module.ts';
export type { JobData } from './client/job-data.ts';

export { DeadLetterDesk } from './admin/dead-letter-desk.ts';
export type { ArchivedLetter, DeadLetterArchive, LetterOutcome } from './admin/dead-letter-desk.ts';
export { JobAdmin } from './admin/job-admin.ts';
export type { RetryOutcome } from './admin/job-admin.ts';
export type { FoundJobs, JobSearch } from './admin/job-search.ts';
export type { JobStep } from './admin/job-steps.ts';
export type { JobRef, JobView } from './admin/job-view.ts';
export type { WorkRecord } from './admin/work-record.ts';
export { QueueAdmin } from './admin/queue-admin.ts';
export type { QueueDetails } from './admin/queue-admin.ts';
export { routeOf } from './admin/task-catalog-info.ts';
export type { Explained, Origin, TaskRoute } from './admin/task-catalog-info.ts';
export { connectedWorkers } from './queues/queue-workers.ts';
export type { ConnectedWorker } from './queues/queue-workers.ts';

export { CANCEL_GRACE_MS } from './chain/run-control.ts';
export type { Cancellation } from './cancel/cancellation.ts';
export type { CancelOptions, CancelResult, WaitOptions } from './cancel/job-control.ts';
export type { JobAddress } from './cancel/job-address.ts';
export { isFinalOutcome } from './cancel/task-outcome.ts';
export type { TaskOutcome } from './cancel/task-outcome.ts';

export { childModule } from './child/child-module.ts';
export { ChildProcessTask } from './child/child-process-task.ts';
export type { ChildProgress } from './child/child-process-task.ts';
export type { ChildContext, ChildLogLevel, ChildWork } from './child/child-work.ts';

export { BaseTask } from './tasks/base-task.ts';
export { BroadcastTask } from './tasks/broadcast-task.ts';
export { Broadcasts, withBroadcasts } from './tasks/broadcasts.ts';
export { EmailTask } from './tasks/email/email-task.ts';
export type { Email, EmailOutcome } from './tasks/email/email-task.ts';
export { checkRecipients } from './tasks/email/check-recipients.ts';
export type { CheckedRecipients, Recipients, RefusedRecipient } from './tasks/email/check-recipients.ts';
export type { AddressProblem, DomainRules } from './tasks/email/email-address.ts';
export {
  EmailInvalidError,
  EmailNotSentError,
  EmailWithoutRecipientError,
  MailTransportMissingError,
} from './tasks/email/email.errors.ts';
export { MAIL_TRANSPORT } from './tasks/email/mail-transport.ts';
export type { MailReceipt, MailTransport, OutgoingEmail } from './tasks/email/mail-transport.ts';
export { handlersIn } from './tasks/handlers-in.ts';
export { MaintenanceTask } from './tasks/maintenance-task.ts';
export type { BatchOutcome, BatchWork } from './tasks/maintenance-task.ts';
export { ReportTask } from './tasks/report/report-task.ts';
export type { ReportContext } from './tasks/report/report-context.ts';
export { ExternalServiceTask } from './tasks/external-service-task.ts';
export { externalServiceCall } from './tasks/external-service-call.ts';
export { IdempotentTask } from './tasks/idempotent-task.ts';
export { Task } from './tasks/task.decorator.ts';
export type { TaskContext } from './tasks/task-context.ts';

export { countParkedJobs, readParking } from './parking/parked-jobs.ts';
export type { ParkedCount, Parking } from './parking/parked-jobs.ts';

export { TaskWorkerModule } from './runner/task-worker.module.ts';
export type { TaskWorkerModuleOptions } from './runner/task-worker.module.ts';
export { DEAD_LETTER_STORE } from './dead-letters/dead-letter.ts';
export type { DeadLetter, DeadLetterStore } from './dead-letters/dead-letter.ts';

export { ScheduleAdmin } from './schedules/schedule-admin.ts';
export type { NewSchedule } from './schedules/schedule-admin.ts';
export { CATCH_UP_POLICIES, OVERLAP_POLICIES } from './schedules/schedule.ts';
export type {
  CatchUpPolicy,
  OverlapPolicy,
  Schedule,
  ScheduleDefinition,
  ScheduleRun,
  ScheduleRunState,
  ScheduleTiming,
} from './schedules/schedule.ts';
export { SCHEDULE_RUN_STORE, SCHEDULE_STORE } from './schedules/schedule-store.ts';
export type { ScheduleRunStore, ScheduleStore } from './schedules/schedule-store.ts';
export {
  ScheduleChangedError,
  ScheduleError,
  ScheduleInvalidError,
  ScheduleNameTakenError,
  ScheduleNotFoundError,
  isScheduleError,
} from './schedules/schedule.errors.ts';
export type { ScheduleErrorCode, ScheduleProblem } from './schedules/schedule.errors.ts';
export { IDEMPOTENCY_TTL_MS } from './idempotency/idempotency-rule.ts';
export type {
  IdempotencyCategory,
  IdempotencyRule,
  IdempotencyScope,
  IdempotencySpecification,
} from './idempotency/idempotency-rule.ts';
export { IDEMPOTENCY_STORE } from './idempotency/claim-store.ts';
export type {
  ClaimAnswer,
  ClaimStore,
  IdempotencyStore,
  StepAnswer,
  WorkClaim,
} from './idempotency/claim-store.ts';
export { SEALED } from './admin/sealed-values.ts';
export { shownParams } from './privacy/shown-params.ts';

export { JobSearchError } from './admin/admin.errors.ts';
export {
  IdempotencyUnavailableError,
  JobUnreadableError,
  TaskCancelledError,
  TaskChildFailedError,
  TaskError,
  TaskHandlersIncompleteError,
  TaskHardTimeLimitError,
  TaskMemoryLimitError,
  TaskNotWrittenError,
  TaskOwnershipLostError,
  TaskOwnershipUnconfirmedError,
  TaskParamsInvalidError,
  TaskParamsSealedError,
  TaskParamsTooLargeError,
  TaskQueueFullError,
  TaskQueueUnavailableError,
  TaskSealingUnavailableError,
  TaskSoftTimeLimitError,
  TaskStepInDoubtError,
  TaskSupersededError,
  UnknownTaskError,
} from './task-base.errors.ts';
export type { ParameterProblem, TaskErrorCode } from './task-base.errors.ts';
