import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessExit } from '@bus/testing';
import { RestartPolicy } from './restart-policy.ts';
import type { StartConsole } from './start-console.ts';

/** A server or an app, as far as keeping it running is concerned. */
export interface Restartable {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  restart(): Promise<void>;
}

/**
 * Starts a process again whenever it ends by itself, with growing pauses. Resolves soon after `signal` is aborted; from
 * then on nothing is started any more.
 */
export async function keepRunning(
  name: string,
  subject: Restartable,
  context: { console: StartConsole; signal: AbortSignal; onStarted: (name: string, pid: number) => void },
): Promise<void> {
  const { console, signal } = context;
  const policy = new RestartPolicy();
  const calledOff = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  context.onStarted(name, subject.pid);
  while (!signal.aborted) {
    const exit = await Promise.race([subject.exited, calledOff]);
    if (exit === undefined) return;
    const how = exit.signal === null ? `with exit code ${exit.code}` : `by ${exit.signal}`;
    console.note(name, `ended ${how}`, 'warn');
    await startAgain();
  }

  async function startAgain(): Promise<void> {
    while (!signal.aborted) {
      const pause = policy.nextPauseMs();
      console.note(name, `is started again in ${pause / 1000} s`);
      await Promise.race([sleep(pause, undefined, { ref: false }), calledOff]);
      if (signal.aborted) return;
      try {
        await subject.restart();
        policy.started();
        context.onStarted(name, subject.pid);
        console.note(name, `runs again (process ${subject.pid})`);
        return;
      } catch (error) {
        if (!signal.aborted) console.note(name, firstLines(error), 'error');
      }
    }
  }
}

function firstLines(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n').slice(0, 5).join('\n    ');
}
