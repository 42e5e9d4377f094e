/*
 * The program of a child process: loads the module it is told to, runs its work once and ends. It and what it imports stay free of
 * packages and decorators, so that it starts fast and from source.
 */
import { Worker } from 'node:worker_threads';
import { receivedError, sentError } from './child-messages.ts';
import type { FromChild, RunOrder, ToChild } from './child-messages.ts';
import type { ChildContext, ChildWork } from './child-work.ts';

/** Ten reports a second are more than anybody can read. */
const PROGRESS_INTERVAL_MS = 100;

const send = process.send?.bind(process);
if (send === undefined) throw new Error('this program is started by a worker of the bus and by nothing else');
// The work talks through its context; a message of its own would only confuse the worker.
delete process.send;

const stop = new AbortController();
const questions = new Map<number, { resolve: () => void; reject: (refusal: Error) => void }>();

process.on('disconnect', () => process.exit(1));
process.on('message', (message: ToChild) => {
  switch (message.type) {
    case 'run':
      void watchTheWorker().then(() => run(message));
      break;
    case 'abort':
      stop.abort(receivedError(message.reason));
      break;
    case 'owned': {
      const question = questions.get(message.question);
      questions.delete(message.question);
      if (message.refusal === undefined) question?.resolve();
      else question?.reject(receivedError(message.refusal));
      break;
    }
    default:
      message satisfies never;
  }
});

/** From here on this process does not outlive its worker, not even in a busy loop. */
function watchTheWorker(): Promise<void> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const watchdog = new Worker(new URL(`./child-watchdog${extension}`, import.meta.url), {
    workerData: { workerPid: Number(process.argv[2]) },
    resourceLimits: { maxOldGenerationSizeMb: 16 },
  });
  watchdog.unref();
  return new Promise((resolve, reject) => {
    watchdog.once('message', () => resolve());
    watchdog.once('error', reject);
  });
}

async function run(order: RunOrder): Promise<void> {
  const progress = progressReports();
  try {
    const { default: work } = (await import(order.work)) as { default?: ChildWork };
    if (typeof work !== 'function') throw new Error(`${order.work} has no function as its default export`);
    const result = JSON.stringify((await work(order.params, contextOf(order, progress.report))) ?? null);
    const bytes = Buffer.byteLength(result);
    if (bytes > order.maxResultBytes) {
      const message = `the result is ${bytes} bytes, at most ${order.maxResultBytes} are allowed`;
      throw Object.assign(new Error(message), { isRetryable: false });
    }
    progress.flush();
    end({ type: 'done', result });
  } catch (error) {
    end({ type: 'failed', error: sentError(error) });
  }
}

function contextOf({ about }: RunOrder, progress: ChildContext['progress']): ChildContext {
  let questionsAsked = 0;
  return {
    ...about,
    signal: stop.signal,
    progress,
    log: (level, message) => tell({ type: 'log', level, message }),
    confirmOwnership: () =>
      new Promise((resolve, reject) => {
        questionsAsked += 1;
        questions.set(questionsAsked, { resolve, reject });
        tell({ type: 'owned?', question: questionsAsked });
      }),
  };
}

/** Sends the first report at once and then the latest of each interval, by the clock: a busy loop lets no timer run. */
function progressReports(): { report: ChildContext['progress']; flush: () => void } {
  let sentAtMs = -Infinity;
  let held: FromChild | undefined;
  const flush = (): void => {
    if (held !== undefined) tell(held);
    held = undefined;
    sentAtMs = performance.now();
  };
  return {
    flush,
    report: (percent, message) => {
      held = { type: 'progress', percent, message };
      if (performance.now() - sentAtMs >= PROGRESS_INTERVAL_MS) flush();
    },
  };
}

function tell(message: FromChild): void {
  send?.(message);
}

/** The answer, then the end, whatever timers or sockets the work has left open. */
function end(message: FromChild): void {
  send?.(message, undefined, undefined, () => process.exit(0));
}
