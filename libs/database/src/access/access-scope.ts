import { sql, type RawBuilder, type SqlBool } from 'kysely';

/**
 * What the asking person may see. Every read and every change of tenant data takes one, and it becomes part of
 * the SQL statement: there is no way to ask first and filter later.
 *
 * `staff` sees everything. `tenant` sees its own tenant; with `clientIds` only those clients (an empty list sees
 * nothing, and rows without a client are hidden).
 */
export type AccessScope =
  | { readonly kind: 'staff' }
  | { readonly kind: 'tenant'; readonly tenantId: number; readonly clientIds?: readonly number[] };

/** The scope of the platform's own people and of code that acts for nobody in particular. */
export const STAFF_SCOPE: AccessScope = { kind: 'staff' };

/** The scope as a condition over the two columns that own a row, e.g. `alert.tenant_id` and `alert.client_id`. */
export function withinScope(
  scope: AccessScope,
  columns: { tenantId: string; clientId: string },
): RawBuilder<SqlBool> {
  switch (scope.kind) {
    case 'staff':
      return sql<SqlBool>`true`;
    case 'tenant': {
      const ownTenant = sql<SqlBool>`${sql.ref(columns.tenantId)} = ${scope.tenantId}`;
      if (scope.clientIds === undefined) return ownTenant;
      return sql<SqlBool>`(${ownTenant} and ${sql.ref(columns.clientId)} = any(${[...scope.clientIds]}::integer[]))`;
    }
    default:
      // A scope that came from untyped code must never fall through to "everything".
      throw new TypeError('Unknown access scope: pass {kind:"staff"} or {kind:"tenant", tenantId}.');
  }
}
