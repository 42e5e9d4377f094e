import { describe, expect, it } from 'vitest';
import { nocClientGroup, nocDashboardGroup, parseGroupName, tenantGroup, userGroup } from './groups.ts';

describe('group names', () => {
  it('come apart as they were put together', () => {
    expect(parseGroupName(nocDashboardGroup())).toEqual({ kind: 'noc_dashboard' });
    expect(parseGroupName(nocClientGroup(12))).toEqual({ kind: 'noc_client', id: 12 });
    expect(parseGroupName(tenantGroup(3))).toEqual({ kind: 'tenant', id: 3 });
    expect(parseGroupName(userGroup(4))).toEqual({ kind: 'user', id: 4 });
  });

  it.each([
    '',
    'noc',
    'noc_dashboard_1',
    'tenant',
    'tenant_',
    'tenant_0',
    'tenant_-1',
    'tenant_1x',
    'user_1e3',
    'user_01',
  ])('%j is no group', (name) => {
    expect(parseGroupName(name)).toBeNull();
  });
});
