import { startMosquitto } from '@bus/testing';
import type { MosquittoServer } from '@bus/testing';
import { DOWNLINK_TOPICS, INBOUND_ROOTS, INBOUND_TOPICS, renderMosquittoAcl } from '@bus/topic-whitelist';
import { connectAsync } from 'mqtt';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const USERS = ['sensor-1', 'sensor-2', 'health', 'bus-ingest', 'bus-worker', 'admin'];
const NOT_AUTHORIZED = 0x87;

let broker: MosquittoServer;
const clients = new Map<string, MqttClient>();
/** Everything each user was delivered, in order. */
const delivered = new Map<string, string[]>();

beforeAll(async () => {
  broker = await startMosquitto({
    users: USERS.map((username) => ({ username, password: 'secret' })),
    acl: `${renderMosquittoAcl()}\nuser admin\ntopic readwrite #\n`,
    // With 0 ("no limit") Mosquitto 2.0 counts the limit as reached and drops every client whose publish it denies.
    settings: { max_queued_messages: '1000000' },
  });
  for (const username of USERS) {
    const client = await connectAsync(broker.url, {
      protocolVersion: 5,
      username,
      password: 'secret',
      reconnectPeriod: 0,
    });
    clients.set(username, client);
    delivered.set(username, []);
    client.on('message', (topic) => delivered.get(username)?.push(topic));
  }
});

afterAll(async () => {
  await Promise.all([...clients.values()].map((client) => client.endAsync(true)));
  await broker.stop();
});

function clientOf(username: string): MqttClient {
  const found = clients.get(username);
  if (found === undefined) throw new Error(`no client for ${username}`);
  return found;
}

/** Whether the broker took the message. MQTT 5 at QoS 1 says so in the acknowledgement. */
async function mayWrite(username: string, topic: string): Promise<boolean> {
  try {
    await clientOf(username).publishAsync(topic, '{}', { qos: 1 });
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === NOT_AUTHORIZED) return false;
    throw error;
  }
}

/** Those of the topics the user may write. */
async function writable(username: string, topics: readonly string[]): Promise<string[]> {
  const allowed: string[] = [];
  for (const topic of topics) if (await mayWrite(username, topic)) allowed.push(topic);
  return allowed;
}

/** What a user is delivered of messages on these topics after subscribing to a filter. */
async function reads(username: string, filter: string, topics: readonly string[]): Promise<string[]> {
  const own = clientOf(username);
  delivered.set(username, []);
  await own.subscribeAsync(filter, { qos: 1 });
  for (const topic of topics) await clientOf('admin').publishAsync(topic, '{}', { qos: 1 });
  // The broker answers in order: when the answer to this is here, every message before it was here.
  await own.unsubscribeAsync(filter);
  return delivered.get(username) ?? [];
}

const own = (template: string, sourceId: string): string =>
  template.replaceAll(/\{(\w+)\}/g, (_match, param: string) => (param === 'alertType' ? 'fire' : sourceId));

describe('a device', () => {
  it.each(INBOUND_TOPICS.map(({ template }) => own(template, 'sensor-1')))(
    'writes its own %s',
    async (topic) => {
      expect(await mayWrite('sensor-1', topic)).toBe(true);
    },
  );

  it.each([
    ...INBOUND_TOPICS.map(({ template }) => own(template, 'sensor-2')),
    ...DOWNLINK_TOPICS.map(({ template }) => own(template, 'sensor-1')),
    'alert/fire/sensor-1/sensor-2',
    'alert/sensor-1/fire',
    'system/health/sensor-1/x',
    'device/sensor-10/telemetry',
    'anything',
  ])('does not write %s', async (topic) => {
    expect(await mayWrite('sensor-1', topic)).toBe(false);
  });

  it('whose name is a word of another topic gains nothing by it', async () => {
    expect(await mayWrite('health', 'system/health/sensor-1')).toBe(false);
    expect(await mayWrite('health', 'system/health/health')).toBe(true);
  });

  it('reads only what is sent down to it, whatever it subscribes to', async () => {
    const all = [
      ...INBOUND_TOPICS.map(({ template }) => own(template, 'sensor-1')),
      ...INBOUND_TOPICS.map(({ template }) => own(template, 'sensor-2')),
      ...DOWNLINK_TOPICS.map(({ template }) => own(template, 'sensor-1')),
      ...DOWNLINK_TOPICS.map(({ template }) => own(template, 'sensor-2')),
    ];
    const ownDownlinks = DOWNLINK_TOPICS.map(({ template }) => own(template, 'sensor-1'));
    expect(await reads('sensor-1', 'downlink/sensor-1/#', all)).toEqual(ownDownlinks);
    expect(await reads('sensor-1', '#', all)).toEqual(ownDownlinks);
    expect(await reads('sensor-1', 'downlink/+/command', all)).toEqual(['downlink/sensor-1/command']);
    expect(await reads('sensor-1', 'alert/#', all)).toEqual([]);
  });
});

describe('the services', () => {
  it('ingest reads every root and answers refusals, and writes nothing else', async () => {
    const inbound = INBOUND_TOPICS.map(({ template }) => own(template, 'sensor-1'));
    const read: string[] = [];
    for (const root of INBOUND_ROOTS) read.push(...(await reads('bus-ingest', root, inbound)));
    expect(read.toSorted()).toEqual(inbound.toSorted());
    expect(await mayWrite('bus-ingest', 'downlink/sensor-1/error')).toBe(true);
    const forbidden = ['downlink/sensor-1/command', 'downlink/sensor-1/ack', 'alert/fire/sensor-1'];
    expect(await writable('bus-ingest', forbidden)).toEqual([]);
  });

  it('the worker writes down to every device, and hears and claims nothing of theirs', async () => {
    const downlinks = DOWNLINK_TOPICS.map(({ template }) => own(template, 'sensor-1'));
    expect(await writable('bus-worker', downlinks)).toEqual(downlinks);
    expect(await mayWrite('bus-worker', 'alert/fire/sensor-1')).toBe(false);
    expect(await reads('bus-worker', '#', ['alert/fire/sensor-1', 'downlink/sensor-1/ack'])).toEqual([]);
  });
});
