import { Id } from '@bus/payload-schemas';

/** Parameters of `create_guard_report`. */
export class GuardReportJob {
  /** Who waits for the report and sees how far it is. */
  @Id() user_id!: number;
  @Id() guard_id!: number;
}
