/** A group of browsers that hear the same broadcasts. */
export type GroupName = 'noc_dashboard' | `noc_client_${number}` | `tenant_${number}` | `user_${number}`;

/** Staff of the network operations centre. */
export const nocDashboardGroup = (): GroupName => 'noc_dashboard';

/** Whoever watches one client: staff on request, and that client's own tenant. */
export const nocClientGroup = (clientId: number): GroupName => `noc_client_${clientId}`;

/** Everyone of one tenant. */
export const tenantGroup = (tenantId: number): GroupName => `tenant_${tenantId}`;

/** One user, on all of their screens. */
export const userGroup = (userId: number): GroupName => `user_${userId}`;

const GROUP_NAME = /^(noc_dashboard|noc_client|tenant|user)(?:_([1-9]\d{0,9}))?$/;

/** What a group name stands for. */
export type ParsedGroup =
  | { readonly kind: 'noc_dashboard' }
  | { readonly kind: 'noc_client' | 'tenant' | 'user'; readonly id: number };

/** Takes a group name apart, as a browser gave it; null when there is no such group. */
export function parseGroupName(name: string): ParsedGroup | null {
  const [, kind, id] = GROUP_NAME.exec(name) ?? [];
  if (kind === undefined || (kind === 'noc_dashboard') !== (id === undefined)) return null;
  if (kind === 'noc_dashboard') return { kind };
  return { kind: kind as 'noc_client' | 'tenant' | 'user', id: Number(id) };
}
