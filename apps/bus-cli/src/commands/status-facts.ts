import type { MetricsSnapshot } from '@bus/platform';
import type { QueueState } from '@bus/task-base';
import { circuitWhy } from '../output/circuit-words.ts';
import { counted } from '../output/words.ts';
import { readCircuits, type CircuitWithJobs } from '../session/circuits.ts';
import type { Session } from '../session/session.ts';
import { isSilent, readSnapshots } from '../session/snapshots.ts';
import { readyJobs } from './queue-tables.ts';

/** What Postgres knows; undefined when it does not answer, which is told as a problem of its own. */
export interface Stored {
  readonly openDeadLetters: number;
  readonly waitingAlerts: number;
  readonly schedules: number;
  /** The schedules that are on and cannot work, with the reason. */
  readonly failingSchedules: readonly { readonly name: string; readonly error: string }[];
}

/** The whole bus at one moment. */
export interface StatusFacts {
  readonly queues: readonly QueueState[];
  readonly snapshots: readonly MetricsSnapshot[];
  readonly circuits: readonly CircuitWithJobs[];
  readonly stored: { readonly known?: Stored; readonly problem?: string };
}

export async function readStatus(session: Session): Promise<StatusFacts> {
  const [queues, snapshots, circuits, stored] = await Promise.all([
    session.queues().then((admin) => admin.list()),
    readSnapshots(session),
    readCircuits(session),
    readStored(session),
  ]);
  return { queues, snapshots, circuits, stored };
}

async function readStored(session: Session): Promise<StatusFacts['stored']> {
  try {
    const [letters, alerts, table] = await Promise.all([
      session.letters(),
      session.alerts(),
      session.scheduleTable(),
    ]);
    const [byQueue, waitingAlerts, schedules] = await Promise.all([
      letters.openByQueue(),
      alerts.countUnacknowledged(),
      table.list(),
    ]);
    const openDeadLetters = [...byQueue.values()].reduce((sum, count) => sum + count, 0);
    const failingSchedules = schedules.flatMap(({ name, enabled, lastError }) =>
      enabled && lastError !== null ? [{ name, error: lastError }] : [],
    );
    return { known: { openDeadLetters, waitingAlerts, schedules: schedules.length, failingSchedules } };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

export function notClosed(circuits: readonly CircuitWithJobs[]): CircuitWithJobs[] {
  return circuits.filter(({ state }) => state.name !== 'closed');
}

export function parkedJobs(circuits: readonly CircuitWithJobs[]): number {
  return circuits.reduce((sum, circuit) => sum + circuit.parkedJobs, 0);
}

/** What needs a person, in one line each. */
export function problemsOf({ queues, snapshots, circuits, stored }: StatusFacts): string[] {
  const unattended = queues.filter((state) => state.workers === 0 && readyJobs(state) > 0 && !state.isPaused);
  const letters = stored.known?.openDeadLetters ?? 0;
  return [
    ...(snapshots.length === 0 ? ['no process of the bus is running'] : []),
    ...snapshots
      .filter((snapshot) => isSilent(snapshot))
      .map(({ app, instance }) => `${app} ${instance} went silent`),
    ...unattended.map(
      (state) => `nobody works on ${state.queue}, ${counted(readyJobs(state), 'job')} waiting`,
    ),
    ...queues.filter(({ isPaused }) => isPaused).map(({ queue }) => `${queue} is paused`),
    ...notClosed(circuits).map(circuitProblem),
    ...(stored.problem === undefined ? [] : [stored.problem]),
    ...(stored.known?.failingSchedules ?? []).map(
      ({ name, error }) => `schedule ${name} cannot work: ${error} (bus schedule show ${name})`,
    ),
    ...(letters > 0 ? [`${counted(letters, 'dead letter')} to look at (bus dlq list)`] : []),
  ];
}

function circuitProblem(circuit: CircuitWithJobs): string {
  const { service, state } = circuit;
  const parked = circuit.parkedJobs === 0 ? '' : `, ${counted(circuit.parkedJobs, 'job')} parked`;
  return `circuit of ${service} is ${state.name.replace('_', ' ')}${parked}: ${circuitWhy(circuit)} (bus circuit list)`;
}
