import { SAMPLE_MESSAGES, asStored, hostileMessages, validatePayload } from '@bus/payload-schemas';
import { redisKeys } from '@bus/platform';
import {
  PROCESS_DEVICE_ALERT,
  PROCESS_DEVICE_TELEMETRY,
  PROCESS_GUARD_GPS,
  PROCESS_SENSOR_DATA,
  PROCESS_SYSTEM_HEALTH,
} from '@bus/task-base';
import type { TaskDefinition } from '@bus/task-base';
import { waitFor } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScene, sharedBackends } from './fixtures/scene.fixture.ts';
import type { Scene } from './fixtures/scene.fixture.ts';

/** The tasks that store what devices say, and where. */
const TABLES: readonly [task: TaskDefinition, table: string][] = [
  [PROCESS_DEVICE_ALERT, 'device_alerts'],
  [PROCESS_DEVICE_TELEMETRY, 'device_telemetry'],
  [PROCESS_GUARD_GPS, 'guard_locations'],
  [PROCESS_SENSOR_DATA, 'sensor_readings'],
  [PROCESS_SYSTEM_HEALTH, 'system_health'],
];

/** Fields that have another name in their table, or whose value is another there by design. */
const COLUMNS: Readonly<Record<string, string | undefined>> = {
  type: 'sensor_type',
  cpu: 'cpu_percent',
  memory: 'memory_percent',
  disk: 'disk_percent',
  uptime: 'uptime_seconds',
  accuracy: 'accuracy_m',
};

describe('hostile values', { timeout: 180_000 }, () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene(await sharedBackends());
    await scene.startWorker();
  });
  afterAll(() => scene?.close());

  it.each(TABLES.map(([task, table]) => [task.name, task, table] as const))(
    'that %s accepts are in Postgres as they were given, and none of them is a dead letter',
    async (_name, task, table) => {
      const sample = SAMPLE_MESSAGES.find(([target]) => target === task.params)?.[1];
      if (sample === undefined) throw new Error(`no sample of ${task.params.name}`);
      const accepted = [...hostileMessages(task.params, sample)]
        // The id is how a row is found again.
        .filter(
          ({ field, message }) => !field.endsWith('message_id') && validatePayload(task.params, message).ok,
        )
        .map((hostile, index) => ({ ...hostile, ...withId(hostile.message, `hostile-${index}`) }));
      expect(accepted.length).toBeGreaterThan(10);

      const receipts = await scene.tasks.enqueueMany(
        task,
        accepted.map(({ params, messageId }) => ({ params, jobId: messageId })),
      );
      await waitFor(async () => (await unfinished(task, receipts)) === 0, {
        timeoutMs: 120_000,
        message: 'all jobs to end',
      });
      expect(await scene.count('dead_letters', `task_name = '${task.name}'`)).toBe(0);

      const { rows } = await scene.pool.query<Record<string, unknown>>(`select * from ${table}`);
      const byId = new Map(rows.map((row) => [row['message_id'], row]));
      for (const { field, attack, entry, messageId } of accepted) {
        const row = byId.get(messageId);
        expect(row?.['raw'], `${field}: ${attack}`).toEqual(asStored(entry['raw']));
        const name = /([a-z_]+)$/.exec(field)?.[1] ?? '';
        const column = COLUMNS[name] ?? name;
        if (typeof entry[name] === 'string' && typeof row?.[column] === 'string') {
          expect(row[column], `${field}: ${attack}`).toBe(asStored(entry[name]));
        }
      }
    },
  );

  /** Jobs of the receipts that have no end yet. */
  async function unfinished(task: TaskDefinition, receipts: readonly { jobId: string }[]): Promise<number> {
    const { commands } = scene.connections;
    const ends = await Promise.all(
      receipts.map(({ jobId }) =>
        commands.hmget(
          `${redisKeys.queuePrefix(task.queue)}:${task.queue}:${jobId}`,
          'timestamp',
          'finishedOn',
        ),
      ),
    );
    // Of batches Redis keeps only the last few: a job that is gone has ended.
    return ends.filter(([timestamp, finishedOn]) => timestamp !== null && finishedOn === null).length;
  }
});

/** The message with an id of its own, in its only entry when it is a batch. */
function withId(
  message: Record<string, unknown>,
  messageId: string,
): { params: object; entry: Record<string, unknown>; messageId: string } {
  const { messages } = message;
  const [first] = Array.isArray(messages) ? (messages as Record<string, unknown>[]) : [message];
  const entry: Record<string, unknown> = { ...first, message_id: messageId };
  return { params: Array.isArray(messages) ? { ...message, messages: [entry] } : entry, entry, messageId };
}
