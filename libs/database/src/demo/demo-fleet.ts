import { DEVICE_KINDS, type DeviceKind } from '../devices/device-kind.ts';
import type { UserRole } from '../users/user-role.ts';

export interface DemoUser {
  readonly username: string;
  readonly role: UserRole;
  /** Name of the tenant; null for staff. */
  readonly tenant: string | null;
}

export interface DemoClient {
  readonly name: string;
  readonly tenant: string;
  /** Username of the supervisor. */
  readonly supervisor: string;
}

/** A device of the simulated fleet. `username` is its MQTT username and the id in its topics. */
export interface DemoDevice {
  readonly username: string;
  readonly kind: DeviceKind;
  /** Name of the client it belongs to. */
  readonly client: string;
}

export const DEMO_TENANTS = ['Harbour Security', 'Northern Facilities'] as const;

/** Every role at least once, and two tenants, so that walls between them can be looked at from both sides. */
export const DEMO_USERS: readonly DemoUser[] = [
  { username: 'admin', role: 'admin', tenant: null },
  { username: 'noc', role: 'noc_operator', tenant: null },
  { username: 'supervisor.terminal', role: 'supervisor', tenant: 'Harbour Security' },
  { username: 'supervisor.yard', role: 'supervisor', tenant: 'Harbour Security' },
  { username: 'supervisor.north', role: 'supervisor', tenant: 'Northern Facilities' },
  { username: 'tenant.harbour', role: 'tenant_user', tenant: 'Harbour Security' },
  { username: 'tenant.north', role: 'tenant_user', tenant: 'Northern Facilities' },
];

export const DEMO_CLIENTS: readonly DemoClient[] = [
  { name: 'Ferry Terminal', tenant: 'Harbour Security', supervisor: 'supervisor.terminal' },
  { name: 'Container Yard', tenant: 'Harbour Security', supervisor: 'supervisor.yard' },
  { name: 'City Hospital', tenant: 'Northern Facilities', supervisor: 'supervisor.north' },
  { name: 'Data Centre', tenant: 'Northern Facilities', supervisor: 'supervisor.north' },
];

/** How many devices of each kind. */
export type DemoFleetSize = Record<DeviceKind, number>;

export const DEFAULT_DEMO_FLEET_SIZE: DemoFleetSize = { device: 12, guard: 6, sensor: 8, edge: 2 };

/**
 * The simulated fleet: `device-001`, `guard-001` and so on, dealt to the demo clients in turn. The same size always
 * gives the same fleet, and a larger one begins with the smaller one.
 */
export function buildDemoFleet(size: DemoFleetSize = DEFAULT_DEMO_FLEET_SIZE): DemoDevice[] {
  return DEVICE_KINDS.flatMap((kind) =>
    Array.from({ length: size[kind] }, (_, index) => ({
      username: `${kind}-${String(index + 1).padStart(3, '0')}`,
      kind,
      client: DEMO_CLIENTS[index % DEMO_CLIENTS.length]!.name,
    })),
  );
}

/** The fleet of the default size. */
export const DEMO_FLEET: readonly DemoDevice[] = buildDemoFleet();
