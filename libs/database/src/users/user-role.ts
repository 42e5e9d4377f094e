export const USER_ROLES = ['admin', 'noc_operator', 'supervisor', 'tenant_user'] as const;

export type UserRole = (typeof USER_ROLES)[number];

/** Staff work for the platform's owner and see every tenant; the others belong to one tenant. */
export function isStaff(role: UserRole): boolean {
  return role === 'admin' || role === 'noc_operator';
}
