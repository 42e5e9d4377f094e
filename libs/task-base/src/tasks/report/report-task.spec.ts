import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChannelLayer, TaskProgressBroadcast } from '@bus/channel-layer';
import { createTemporaryDirectory, removeTemporaryDirectory, waitFor } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { closedGate } from '../../fixtures/gate.fixture.ts';
import { taskContext } from '../../fixtures/task-run.fixture.ts';
import { testTask } from '../../fixtures/test-tasks.fixture.ts';
import type { EchoParams } from '../../fixtures/test-tasks.fixture.ts';
import { Task } from '../task.decorator.ts';
import type { ReportContext } from './report-context.ts';
import { createReportDirectory, removeReportLeftovers } from './report-directory.ts';
import { ReportTask } from './report-task.ts';

type Write = (ctx: ReportContext) => Promise<unknown>;

@Task(testTask('write_report'))
class Report extends ReportTask<EchoParams & { user_id?: number }, unknown> {
  readonly shown: TaskProgressBroadcast[] = [];

  constructor(private readonly writeIt: Write) {
    super();
    Object.assign(this, {
      channelLayer: {
        broadcastTaskProgress: (progress: TaskProgressBroadcast) => {
          this.shown.push(progress);
          return Promise.resolve(true);
        },
      } satisfies Partial<ChannelLayer>,
    });
  }

  protected write(_params: EchoParams, ctx: ReportContext): Promise<unknown> {
    return this.writeIt(ctx);
  }
}

const params = { text: 'hello', user_id: 7 };
let temporary: string;
const leftInTemporary = () => readdir(temporary);

beforeEach(() => {
  temporary = createTemporaryDirectory('report-spec');
  vi.stubEnv('TMPDIR', temporary);
});
afterEach(() => {
  vi.unstubAllEnvs();
  removeTemporaryDirectory(temporary);
});

describe('the directory of a report', () => {
  const writePage = (ctx: ReportContext) => writeFile(join(ctx.directory, 'page-1'), 'one');

  it('is private to the run and gone when the report is done', async () => {
    const modes: number[] = [];
    const seen: string[] = [];
    const report = new Report(async (ctx) => {
      await writePage(ctx);
      modes.push((await stat(ctx.directory)).mode & 0o777);
      seen.push(ctx.directory);
    });
    await Promise.all([report.run(params, taskContext()), report.run(params, taskContext())]);
    expect(modes).toEqual([0o700, 0o700]);
    expect(new Set(seen).size).toBe(2);
    expect(await leftInTemporary()).toEqual([]);
  });

  it('is gone when the report fails', async () => {
    const report = new Report(async (ctx) => {
      await writePage(ctx);
      throw new Error('no data');
    });
    await expect(report.run(params, taskContext())).rejects.toThrow('no data');
    expect(await leftInTemporary()).toEqual([]);
  });

  it('is gone when the report ends because it was cancelled', async () => {
    const cancel = new AbortController();
    const report = new Report(async (ctx) => {
      await writePage(ctx);
      cancel.abort(new Error('cancelled'));
      ctx.signal.throwIfAborted();
    });
    await expect(report.run(params, taskContext({ signal: cancel.signal }))).rejects.toThrow('cancelled');
    expect(await leftInTemporary()).toEqual([]);
  });

  it('is taken away from a report that does not end when its run is revoked', async () => {
    const revoke = new AbortController();
    const begun = closedGate();
    const gate = closedGate();
    const running = new Report(async (ctx) => {
      await writePage(ctx);
      begun.open();
      await gate.opened;
      return writePage(ctx);
    }).run(params, taskContext({ revoked: revoke.signal }));
    await begun.opened;
    revoke.abort();
    await waitFor(async () => (await leftInTemporary()).length === 0);
    gate.open();
    await expect(running).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('leftovers', () => {
  async function leftoverOfKilledProcess(): Promise<string> {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    const own = await createReportDirectory();
    const ticks = /-(\d+)-[^-]+$/.exec(own)?.[1] ?? '';
    const left = own.replace(`-${process.pid}-${ticks}-`, `-${child.pid}-12345-`);
    await mkdir(left);
    await writeFile(join(left, 'page-1'), 'one');
    child.kill('SIGKILL');
    await once(child, 'exit');
    return left;
  }

  it('of a killed process are removed at the start, those of a living one are not', async () => {
    const living = await createReportDirectory();
    const left = await leftoverOfKilledProcess();
    await new Report(() => Promise.resolve()).onApplicationBootstrap();
    await expect(access(left)).rejects.toMatchObject({ code: 'ENOENT' });
    await access(living);
  });

  it('are told by the start of the process when its pid is in use again', async () => {
    const own = await createReportDirectory();
    const reused = own.replace(/-\d+-([^-]+)$/, '-1-$1');
    await mkdir(reused);
    expect(await removeReportLeftovers()).toBe(1);
    await access(own);
  });

  it('of another host are left alone for a day', async () => {
    const foreign = join(temporary, 'bus-report-00000000-1-1-abcdef');
    await mkdir(foreign);
    expect(await removeReportLeftovers()).toBe(0);
    const twoDaysAgo = new Date(Date.now() - 48 * 3_600_000);
    await utimes(foreign, twoDaysAgo, twoDaysAgo);
    expect(await removeReportLeftovers()).toBe(1);
  });

  it('are nothing but directories of this name', async () => {
    await mkdir(join(temporary, 'bus-report-notes'));
    await mkdir(join(temporary, 'somebody-else'));
    expect(await removeReportLeftovers()).toBe(0);
  });
});

describe('the progress of a report', () => {
  const pages = (count: number): Write => {
    return async (ctx) => {
      for (let page = 1; page <= count; page += 1) ctx.pageProgress(page, count);
    };
  };

  it('is stored and shown to the user, first page and last page for certain, not every page', async () => {
    const report = new Report(pages(100));
    const ctx = taskContext();
    await report.run(params, ctx);
    expect(ctx.told.at(0)).toEqual([1, 'page 1 of 100']);
    expect(ctx.told.at(-1)).toEqual([100, 'page 100 of 100']);
    expect(ctx.told.length).toBeLessThan(50);
    expect(report.shown.at(-1)).toMatchObject({ userId: 7, progress: 100, message: 'page 100 of 100' });
  });

  it('is stored only when nobody waits for the report', async () => {
    const report = new Report(pages(3));
    const ctx = taskContext();
    await report.run({ text: 'hello' }, ctx);
    expect(ctx.told.at(-1)).toEqual([100, 'page 3 of 3']);
    expect(report.shown).toEqual([]);
  });

  it('never fails a report', async () => {
    const report = new Report(pages(3));
    const ctx = taskContext({ progress: () => Promise.reject(new Error('Redis is away')) });
    await expect(report.run(params, ctx)).resolves.toBeUndefined();
  });

  it('takes a report without pages for done', async () => {
    const ctx = taskContext();
    await new Report((run) => Promise.resolve(run.pageProgress(0, 0))).run(params, ctx);
    expect(ctx.told).toEqual([[100, 'page 0 of 0']]);
  });
});
