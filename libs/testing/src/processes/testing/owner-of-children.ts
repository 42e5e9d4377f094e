/** Starts two children, makes a temporary folder, tells about them, and stays. Run as a process of its own by a spec. */
import { ManagedProcess } from '../managed-process.ts';
import type { ProcessStage } from '../reaper.ts';
import { createTemporaryDirectory } from '../temporary-directory.ts';

const folder = createTemporaryDirectory('spec');
const start = (stage: ProcessStage): Promise<ManagedProcess> =>
  ManagedProcess.start({
    name: stage,
    stage,
    command: process.execPath,
    args: ['-e', "setInterval(() => {}, 1000); console.log('ready')"],
    env: {},
    isReady: (line) => line === 'ready',
  });
const children = await Promise.all([start('backend'), start('app')]);
process.stdout.write(`${JSON.stringify({ pids: children.map(({ pid }) => pid), folder })}\n`);
