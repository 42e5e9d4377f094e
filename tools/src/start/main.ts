/** `npm start`: the whole bus on this machine. Started by tools/bootstrap.mjs, which has built everything. */
import { Launcher } from './launcher.ts';
import { takeClone } from './single-start.ts';
import { StartConsole } from './start-console.ts';
import { parseStartOptions, START_HELP, type StartOptions } from './start-options.ts';
import { StateDirectory } from './state-directory.ts';

/** A Ctrl-C comes twice, from the terminal and passed on by npm; only a later one is a second wish. */
const SAME_REQUEST_MS = 1_500;

process.exit(await run());

async function run(): Promise<number> {
  let options: StartOptions;
  let releaseClone: () => void;
  const state = new StateDirectory();
  try {
    options = parseStartOptions(process.argv.slice(2));
    if (options.help) {
      process.stdout.write(START_HELP);
      return 0;
    }
    state.create();
    releaseClone = takeClone(state);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }

  const console = new StartConsole(state.logs);
  const launcher = new Launcher(state, console, options);
  const stopRequest = untilAskedToStop(() => launcher.callOff());
  try {
    await launcher.start();
    await stopRequest.promise;
    return 0;
  } catch (error) {
    if (stopRequest.wasMade()) return 0;
    process.stderr.write(`\nThe bus could not be started: ${messageOf(error)}\n`);
    return 1;
  } finally {
    if (stopRequest.wasMade()) console.say('Stopping ...');
    await launcher.stop();
    await console.close();
    releaseClone();
    if (stopRequest.wasMade()) console.say('Stopped.');
  }
}

/**
 * Ctrl-C, SIGTERM, a closed terminal, or the end of the process that started this one. Asked a second time, it leaves
 * at once; the helper of `@bus/testing` then ends what is left.
 */
function untilAskedToStop(onAsked: () => void): { promise: Promise<void>; wasMade: () => boolean } {
  let madeAt: number | undefined;
  const promise = new Promise<void>((resolve) => {
    const ask = (): void => {
      if (madeAt !== undefined && Date.now() - madeAt > SAME_REQUEST_MS) process.exit(1);
      madeAt ??= Date.now();
      onAsked();
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
    process.once('disconnect', ask);
  });
  return { promise, wasMade: () => madeAt !== undefined };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
