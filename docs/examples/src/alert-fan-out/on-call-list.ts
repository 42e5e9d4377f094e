/** Who is on call: in an app, a class of `@bus/database`. */
export abstract class OnCallList {
  abstract of(tenantId: number): Promise<{ supervisorIds: readonly number[]; guardIds: readonly number[] }>;
}
