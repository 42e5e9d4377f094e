import { Injectable } from '@nestjs/common';
import { ClientQueries, isStaff, UserQueries } from '@bus/database';
import {
  nocDashboardGroup,
  parseGroupName,
  tenantGroup,
  userGroup,
  type GroupName,
  type ParsedGroup,
} from '@bus/payload-schemas';
import type { Principal } from '../auth/principal.ts';

/** Who hears what. The same answer for joining, resuming and history, so no door is wider than another. */
@Injectable()
export class GroupAccess {
  constructor(
    private readonly users: UserQueries,
    private readonly clients: ClientQueries,
  ) {}

  /** The groups everybody of a role is in from the start. */
  homeGroups({ id, role, tenantId }: Principal): GroupName[] {
    const own = userGroup(id);
    if (isStaff(role)) return [own, nocDashboardGroup()];
    return tenantId === null ? [own] : [own, tenantGroup(tenantId)];
  }

  /** Whether the principal may read the group; see `readable`. */
  async mayRead(principal: Principal, groupName: string): Promise<boolean> {
    return (await this.readable(principal, [groupName])).has(groupName);
  }

  /**
   * Those of the groups the principal may read. Unknown, malformed and foreign ones are left out alike. Asks Postgres at most
   * twice, however many groups there are, and only for client groups; rejects when it must and Postgres is away.
   */
  async readable(principal: Principal, groupNames: readonly string[]): Promise<ReadonlySet<string>> {
    const readable = new Set<string>();
    const clients = new Map<number, string>();
    for (const name of groupNames) {
      const group = parseGroupName(name);
      if (group?.kind === 'noc_client') clients.set(group.id, name);
      else if (group !== null && isOwnGroup(principal, group)) readable.add(name);
    }
    for (const clientId of await this.followable(principal, [...clients.keys()])) {
      const name = clients.get(clientId);
      if (name !== undefined) readable.add(name);
    }
    return readable;
  }

  private async followable(principal: Principal, clientIds: readonly number[]): Promise<readonly number[]> {
    if (clientIds.length === 0 || isStaff(principal.role)) return clientIds;
    const scope = await this.users.scopeOf(principal);
    const [clientId] = clientIds;
    if (clientIds.length === 1 && clientId !== undefined) {
      return (await this.clients.byId(clientId, scope)) === null ? [] : clientIds;
    }
    return (await this.clients.list(scope)).map(({ client_id }) => client_id);
  }
}

/** Of the groups that need no look into the database. */
function isOwnGroup({ id, role, tenantId }: Principal, group: ParsedGroup): boolean {
  switch (group.kind) {
    case 'noc_dashboard':
      return isStaff(role);
    case 'user':
      return group.id === id;
    case 'tenant':
      return !isStaff(role) && group.id === tenantId;
    case 'noc_client':
      return false;
  }
}
