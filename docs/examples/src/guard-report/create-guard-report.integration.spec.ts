import { readFile } from 'node:fs/promises';
import { userGroup } from '@bus/payload-schemas';
import type { TaskProgressData } from '@bus/payload-schemas';
import { waitFor } from '@bus/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { startExampleWorker } from '../example-worker.fixture.ts';
import type { ExampleWorker } from '../example-worker.fixture.ts';
import { CREATE_GUARD_REPORT } from './create-guard-report.ts';
import { CreateGuardReport } from './create-guard-report.task.ts';
import { DocumentStore, GuardRounds } from './guard-rounds.ts';

const USER = userGroup(7);

/** A hundred pages; whoever wants may hold the reader back before one of them. */
class HundredPages extends GuardRounds {
  beforePage: (page: number) => Promise<void> = () => Promise.resolve();

  countPages(): Promise<number> {
    return Promise.resolve(100);
  }

  async page(_guardId: number, page: number): Promise<string> {
    await this.beforePage(page);
    return `Page ${page}\n`;
  }
}

class KeptDocuments extends DocumentStore {
  readonly kept = new Map<string, string>();

  async keep(name: string, file: string): Promise<string> {
    this.kept.set(name, await readFile(file, 'utf8'));
    return `documents/${name}`;
  }
}

describe('create_guard_report', () => {
  let worker: ExampleWorker;
  afterEach(() => worker.close());

  it(
    'shows the user "page 75 of 100" on the way, and keeps the whole document',
    { timeout: 60_000 },
    async () => {
      const rounds = new HundredPages();
      const documents = new KeptDocuments();
      const providers = [
        CreateGuardReport,
        { provide: GuardRounds, useValue: rounds },
        { provide: DocumentStore, useValue: documents },
      ];
      worker = await startExampleWorker([CREATE_GUARD_REPORT], providers, [USER]);
      const progress = async () =>
        (await worker.eventsOf(USER)).map(({ data }) => data as unknown as TaskProgressData);
      const isShown = async (text: string) => (await progress()).some(({ message }) => message === text);
      rounds.beforePage = async (page) => {
        if (page === 76) await waitFor(() => isShown('page 75 of 100'), { timeoutMs: 30_000 });
      };

      await worker.tasks.enqueue(CREATE_GUARD_REPORT, { user_id: 7, guard_id: 3 });
      await waitFor(() => documents.kept.has('guard-3'), { timeoutMs: 30_000 });
      await waitFor(() => isShown('page 100 of 100'), { timeoutMs: 30_000 });

      expect(documents.kept.get('guard-3')).toMatch(/^Page 1\n[\s\S]*Page 75\n[\s\S]*Page 100\n$/);
      expect((await progress()).find(({ message }) => message === 'page 75 of 100')).toMatchObject({
        task_name: 'create_guard_report',
        progress: 75,
        status: 'running',
      });
      expect((await progress()).length).toBeLessThan(100);
      expect(worker.deadLetters).toEqual([]);
    },
  );
});
