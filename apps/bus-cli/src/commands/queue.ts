import type { Command } from 'commander';
import type { CommandRunner } from '../command-runner.ts';
import { counted } from '../output/words.ts';
import { queueNamed, queuesNamed } from './filters.ts';
import { queueDetails, queueTable } from './queue-tables.ts';

export function addQueueCommands(program: Command, runner: CommandRunner): void {
  const queue = program.command('queue').description('Queues: what is in them, stop and go.');

  queue
    .command('list')
    .description('every queue with its jobs by state and its workers')
    .action(() =>
      runner.runWatchable(async ({ session }) => {
        const states = await (await session.queues()).list();
        return { data: states, text: (screen) => queueTable(screen, states) };
      }),
    );

  queue
    .command('show')
    .description('one queue with its settings and workers')
    .argument('<queue>')
    .action((name: string) =>
      runner.runWatchable(async ({ session }) => {
        const details = await (await session.queues()).show(await queueNamed(name));
        return { data: details, text: (screen) => queueDetails(screen, details) };
      }),
    );

  queue
    .command('pause')
    .description('start nothing more from these queues, in any process; jobs are still taken in')
    .argument('<queue...>')
    .action((names: string[]) => setPaused(runner, names, true));

  queue
    .command('resume')
    .description('go on with these queues')
    .argument('<queue...>')
    .action((names: string[]) => setPaused(runner, names, false));

  queue
    .command('drain')
    .description('remove the jobs that wait, for good; what runs, failed or is done stays')
    .argument('<queue>')
    .option('--delayed', 'also those that wait for their time')
    .action((name: string, options: { delayed?: boolean }) => drain(runner, name, options.delayed === true));
}

function setPaused(runner: CommandRunner, names: readonly string[], isPaused: boolean): Promise<void> {
  return runner.run(async ({ session, record }) => {
    const queues = await queuesNamed(names);
    const admin = await session.queues();
    for (const queue of queues) {
      await (isPaused ? admin.pause(queue) : admin.resume(queue));
      await record({
        action: isPaused ? 'queue_paused' : 'queue_resumed',
        subjectType: 'queue',
        subjectId: queue,
      });
    }
    const did = isPaused ? 'Paused' : 'Resumed';
    return { data: { queues, isPaused }, text: () => `${did} ${queues.join(', ')}.` };
  });
}

function drain(runner: CommandRunner, name: string, delayed: boolean): Promise<void> {
  return runner.run(async ({ session, confirm, record }) => {
    const queue = await queueNamed(name);
    const admin = await session.queues();
    const [state] = await admin.list([queue]);
    const { waiting = 0, prioritized = 0, delayed: later = 0 } = state?.jobs ?? {};
    const count = waiting + prioritized + (delayed ? later : 0);
    await confirm(`This removes ${counted(count, 'job')} from ${queue}, for good.`);
    const removed = await admin.drain(queue, { delayed });
    await record({
      action: 'queue_drained',
      subjectType: 'queue',
      subjectId: queue,
      details: { removed, delayed },
    });
    return { data: { queue, removed }, text: () => `Removed ${counted(removed, 'job')} from ${queue}.` };
  });
}
