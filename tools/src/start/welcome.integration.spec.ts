import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Runtime } from './runtime-file.ts';
import { publishCommand } from './welcome.ts';

const run = promisify(execFile);
let received: { topic: string; payload: Record<string, unknown>; messageId: unknown; qos: number }[];
let stop: () => Promise<void>;

beforeAll(async () => {
  received = [];
  const client = await connectAsync(`mqtt://${inject('mqttHost')}:${inject('mqttPort')}`, {
    protocolVersion: 5,
    username: inject('mqttUsername'),
    password: inject('mqttPassword'),
  });
  client.on('message', (topic, bytes, packet) => {
    const messageId = packet.properties?.userProperties?.['message_id'];
    received.push({ topic, payload: JSON.parse(bytes.toString()), messageId, qos: packet.qos });
  });
  await client.subscribeAsync(`alert/+/${inject('mqttUsername')}`, { qos: 1 });
  stop = () => client.endAsync();
});
afterAll(() => stop());

describe('the line that is printed for trying out', () => {
  it('sends a new alert each time it is run', async () => {
    const command = publishCommand({
      mqtt: { host: inject('mqttHost'), port: inject('mqttPort'), tlsPort: null, caFile: null },
      demo: { users: [], devices: [{ username: inject('mqttUsername'), password: inject('mqttPassword') }] },
    } as unknown as Runtime);
    await run('/bin/sh', ['-c', command ?? '']);
    await run('/bin/sh', ['-c', command ?? '']);
    await expect.poll(() => received.length).toBe(2);
    expect(received[0]).toMatchObject({
      topic: `alert/panic/${inject('mqttUsername')}`,
      payload: { alert_type: 'panic', severity: 'critical' },
      qos: 1,
    });
    expect(received[0]?.messageId).not.toBe(received[1]?.messageId);
  });
});
