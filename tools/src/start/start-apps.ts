import type { AppLogLine } from '@bus/testing';
import { appEnvironment, BUS_APPS, type BusApp, type BusSecrets } from '../bus/app-environment.ts';
import { RunningApp } from '../bus/running-app.ts';
import type { StartedBackends } from './start-backends.ts';
import type { StartConsole } from './start-console.ts';

const SHOWN_LEVELS = new Set(['warn', 'error', 'fatal']);

/** Ctrl-C should not take long: nobody stands behind a load balancer here who would need time to go elsewhere. */
const SOON = { SHUTDOWN_DEADLINE_MS: '10000' };
const IMPATIENT: Record<BusApp, Record<string, string>> = {
  'mqtt-ingest': SOON,
  'task-worker': SOON,
  'ws-gateway': { ...SOON, GATEWAY_DRAIN_MS: '200' },
  'metrics-exporter': SOON,
};

export interface AppsContext {
  backends: StartedBackends;
  secrets: BusSecrets;
  /** Where each app that serves somebody listens, as settings. */
  listening: Partial<Record<BusApp, Record<string, string>>>;
  console: StartConsole;
  /** Aborted when the start is called off. */
  signal: AbortSignal;
  onStop: (name: string, stop: () => Promise<unknown>) => void;
}

/** Starts every app and resolves when all are ready. Apps wait for nobody, so they start side by side. */
export async function startApps(context: AppsContext): Promise<RunningApp[]> {
  const started = await Promise.allSettled(BUS_APPS.map((name) => startOne(name, context)));
  const failed = started.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return started.filter((result) => result.status === 'fulfilled').map((result) => result.value);
}

async function startOne(name: BusApp, context: AppsContext): Promise<RunningApp> {
  const { backends, secrets, console, onStop } = context;
  const environment = {
    ...appEnvironment(name, backends.addresses, secrets),
    ...IMPATIENT[name],
    ...context.listening[name],
    INSTANCE_ID: name,
  };
  const app = await RunningApp.start(name, name, environment, {
    signal: context.signal,
    onLog: (line, raw) => {
      console.keep(name, raw);
      showIfUrgent(name, line, console);
    },
  });
  onStop(name, () => app.stop());
  console.note(name, `ready after ${(app.startMs / 1000).toFixed(1)} s`);
  return app;
}

function showIfUrgent(name: string, line: AppLogLine, console: StartConsole): void {
  const level = String(line.level);
  // Without a level it is no log line of the app but a crash report of Node.
  if (line.level !== undefined && !SHOWN_LEVELS.has(level)) return;
  const reason = (line['err'] as { message?: string } | undefined)?.message;
  const text = reason === undefined || reason === line.msg ? line.msg : `${line.msg}: ${reason}`;
  console.complain(name, text, level === 'warn' ? 'warn' : 'error');
}
