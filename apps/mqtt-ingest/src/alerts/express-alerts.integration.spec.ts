import { createRedisDatabase } from '@bus/testing';
import type { AppProcess } from '@bus/testing';
import type { EventEnvelope } from '@bus/payload-schemas';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { IngestFixture, metric, waitFor } from '../spec-support/ingest-fixture.ts';

let fixture: IngestFixture;
let app: AppProcess;
let device: MqttClient;
/** Each spec plays another device. */
let source: string;
let specs = 0;

beforeAll(async () => {
  fixture = await IngestFixture.start({
    redisUrl: await createRedisDatabase(inject('redisUrl')),
    databaseUrl: inject('databaseUrl'),
  });
  app = await fixture.startIngest();
  device = await fixture.connect('dev-1');
});
beforeEach(() => {
  specs += 1;
  source = `device-${specs}`;
});
afterAll(() => fixture.stop());

/** Minutes ago, as a device writes it. */
const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

async function send(id: string, fields: object = { timestamp: ago(0) }): Promise<void> {
  await device.publishAsync(`alert/panic/${source}`, JSON.stringify({ severity: 'critical', ...fields }), {
    qos: 1,
    properties: { userProperties: { message_id: id } },
  });
}

/** Nobody works on the queue, so what is stored and shown here came the short way. */
async function jobs(): Promise<Record<string, unknown>[]> {
  const all = (await fixture.jobs('critical')).map(({ params }) => params);
  return all.filter(({ source_id }) => source_id === source);
}

async function stored(): Promise<{ id: string; message_id: string }[]> {
  const { rows } = await fixture.pool.query<{ id: string; message_id: string }>(
    'select id, message_id from device_alerts where source_id = $1 order by stored_at',
    [source],
  );
  return rows;
}

async function events(): Promise<EventEnvelope[]> {
  return (await fixture.nocEvents()).filter(({ data }) => data['source_id'] === source);
}

async function shown(): Promise<unknown[]> {
  return (await events()).map(({ data }) => data['message_id']);
}

const sent = (result: string): Promise<number> => metric(app, 'bus_alerts_express_total', { result });

it('stores an alert and shows it to the operations centre, whatever becomes of its job', async () => {
  await send('alone');
  const rows = await waitFor(async () => (await stored()).length === 1 && stored());
  const told = await waitFor(async () => (await events()).length === 1 && events());
  expect(told).toMatchObject([
    {
      type: 'critical_alert',
      priority: 'critical',
      task_name: 'process_device_alert',
      task_id: `${source}.alone`,
      data: { alert_id: Number(rows[0]?.id), message_id: 'alone', status: 'new', version: 1 },
    },
  ]);
  expect(await waitFor(async () => (await jobs()).length === 1 && jobs())).toMatchObject([
    { message_id: 'alone', express: true },
  ]);
});

it('shows a message once that is sent three times', async () => {
  const before = await sent('success');
  for (let time = 0; time < 3; time += 1) await send('thrice');
  await waitFor(async () => (await sent('success')) === before + 3);
  expect(await shown()).toEqual(['thrice']);
  expect(await stored()).toHaveLength(1);
});

it('leaves what may be a very late repetition to its job', async () => {
  await send('undated', {});
  await send('unreadable', { timestamp: 'yesterday' });
  await send('old', { timestamp: ago(11) });
  await send('ahead', { timestamp: ago(-6) });
  await send('just now', { timestamp: ago(9) });
  await waitFor(async () => (await shown()).length > 0 && (await jobs()).length === 5);
  expect(await shown()).toEqual(['just now']);
  expect((await jobs()).filter(({ express }) => express === true)).toMatchObject([
    { message_id: 'just now' },
  ]);
});

it('holds nothing up while Postgres does not answer, and asks it for four alerts at most', async () => {
  const client = await fixture.pool.connect();
  await client.query('begin; lock table device_alerts in access exclusive mode');
  const ids = Array.from({ length: 8 }, (_, index) => `stuck-${index}`);
  for (const id of ids) await send(id);
  // Every publish above was acknowledged already: the broker has them, and so has the queue.
  await waitFor(async () => (await jobs()).length === 8);
  await waitFor(async () => (await metric(app, 'bus_mqtt_held_acks')) === 0);
  const express = (await jobs()).filter((job) => job['express'] === true);
  expect(express.map(({ message_id }) => message_id)).toEqual(ids.slice(0, 4));
  await waitFor(async () => (await shown()).length === 4);
  await client.query('rollback');
  client.release();
  await waitFor(async () => (await stored()).length === 4);
  // The way is closed for a moment, so that nothing overtakes what went through the queue; then it is open again.
  await waitFor(async () => {
    await send(`after-${Date.now()}`);
    return (await stored()).length > 4;
  });
});

it('finishes what it has begun when the process is told to end', async () => {
  const client = await fixture.pool.connect();
  await client.query('begin; lock table device_alerts in access exclusive mode');
  await send('last');
  await waitFor(async () => (await shown()).length === 1);
  const stopped = app.stop();
  await app.waitForLog(({ msg }) => msg.includes('SIGTERM'));
  await client.query('rollback');
  client.release();
  expect(await stopped).toBe(0);
  expect(await stored()).toMatchObject([{ message_id: 'last' }]);
});

it('leaves everything to the jobs for a while after a failure', async () => {
  app = await fixture.startIngest();
  await fixture.pool.query('alter table device_alerts rename to gone');
  await send('failing');
  await waitFor(async () => (await sent('failure')) === 1);
  await fixture.pool.query('alter table gone rename to device_alerts');
  await send('by its job');
  const all = await waitFor(async () => (await jobs()).length === 2 && jobs());
  expect(all.map(({ message_id, express }) => [message_id, express])).toEqual([
    ['failing', true],
    ['by its job', undefined],
  ]);
  expect(await shown()).toEqual(['failing']);
  expect(await stored()).toEqual([]);
});
