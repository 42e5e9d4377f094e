import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { startMosquitto, waitFor, type MosquittoServer } from '@bus/testing';
import type { MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadSettings } from '../settings/load-settings.ts';
import { MqttSettings } from '../settings/mqtt.settings.ts';
import { connectMqtt, type MqttConnectOptions } from './connect-mqtt.ts';
import { encodePuback } from './encode-puback.ts';
import { MqttPublisher } from './mqtt-publisher.ts';

const ACL = 'user tester\ntopic readwrite open/#\ntopic read $SYS/#\n';

const connected = (client: MqttClient) => waitFor(() => client.connected, { message: 'the connection' });

describe('MQTT', () => {
  let broker: MosquittoServer;
  const clients: MqttClient[] = [];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    broker = await startMosquitto({ tls: true, acl: ACL });
  });
  afterEach(async () => {
    if (!broker.isRunning) await broker.restart();
    await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
  });
  afterAll(async () => {
    Logger.overrideLogger(true);
    await broker.stop();
  });

  function settings(env: Record<string, string> = {}): MqttSettings {
    return loadSettings(
      { mqtt: MqttSettings },
      {
        MQTT_BROKER_PORT: String(broker.port),
        MQTT_USERNAME: 'tester',
        MQTT_PASSWORD: 'tester',
        ...env,
      },
    ).mqtt;
  }

  function connect(options: Partial<MqttConnectOptions> = {}, using = settings()): MqttClient {
    const client = connectMqtt(using, { clientId: randomUUID(), cleanStart: true, ...options });
    clients.push(client);
    return client;
  }

  describe('connectMqtt', () => {
    it('connects with MQTT 5, sends small packets at once and measures itself', async () => {
      const metrics = new Metrics({ app: 'test', instance: 'i' });
      const setNoDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
      const client = connect({ metrics });
      await connected(client);
      expect(client.options.protocolVersion).toBe(5);
      expect(setNoDelay).toHaveBeenCalledWith(true);
      setNoDelay.mockRestore();
      expect((await metrics.render()).body).toMatch(/bus_mqtt_connected\{.*\} 1/);

      await broker.restart();
      await waitFor(async () => /bus_mqtt_reconnects_total\{.*\} 1/.test((await metrics.render()).body));
      await client.endAsync();
      await waitFor(async () => /bus_mqtt_connected\{.*\} 0/.test((await metrics.render()).body));
    });

    it('speaks TLS with the authority it is given, and refuses any other', async () => {
      const secure = { MQTT_BROKER_PORT: String(broker.tls?.port), MQTT_SSL_ENABLED: 'true' };
      await connected(connect({}, settings({ ...secure, MQTT_CA_FILE: String(broker.tls?.caFile) })));
      const distrustful = connect({}, settings(secure));
      const error = await new Promise<Error>((resolve) => distrustful.once('error', resolve));
      expect(error.message).toMatch(/certificate/);
      expect(distrustful.connected).toBe(false);
    });

    it('keeps trying with a wrong password, without flooding the log or crashing', async () => {
      const warn = vi.spyOn(Logger.prototype, 'warn');
      const client = connect({}, settings({ MQTT_PASSWORD: 'canary' }));
      for (let attempt = 0; attempt < 3; attempt++)
        await new Promise((resolve) => client.once('error', resolve));
      expect(warn).toHaveBeenCalledTimes(1);
      expect(JSON.stringify(warn.mock.calls)).not.toContain('canary');
      warn.mockRestore();
    });

    it('continues its session, and leaves its will when it vanishes', async () => {
      const observer = connect();
      await connected(observer);
      await observer.subscribeAsync('open/will', { qos: 1 });
      const clientId = randomUUID();
      const session = { clientId, cleanStart: false, sessionExpirySeconds: 60 };
      const first = connect({
        ...session,
        will: { topic: 'open/will', payload: 'gone', qos: 1, retain: false },
      });
      await connected(first);
      await first.subscribeAsync('open/inbox', { qos: 1 });
      const will = new Promise((resolve) =>
        observer.once('message', (_topic, payload) => resolve(String(payload))),
      );
      first.options.reconnectPeriod = 0;
      first.stream.destroy();
      expect(await will).toBe('gone');

      await new MqttPublisher(observer).publish('open/inbox', 'kept', { qos: 1 });
      const second = connect(session);
      const message = new Promise((resolve) =>
        second.once('message', (_topic, payload) => resolve(String(payload))),
      );
      expect(await message).toBe('kept');
    });

    it('accepts an acknowledgement written by hand', async () => {
      const publisher = new MqttPublisher(connect());
      const clientId = randomUUID();
      const session = { clientId, cleanStart: false, sessionExpirySeconds: 60, receiveMaximum: 1 };
      const receiver = connect(session);
      await connected(receiver);
      const received: string[] = [];
      receiver.handleMessage = (packet, callback) => {
        received.push(String(packet.payload));
        callback(new Error('acknowledged by hand'));
        receiver.stream.write(encodePuback(packet.messageId ?? 0));
      };
      await receiver.subscribeAsync('open/by-hand', { qos: 1 });
      for (const text of ['one', 'two', 'three']) await publisher.publish('open/by-hand', text, { qos: 1 });
      // With receiveMaximum 1 the broker sends the next one only after it saw the acknowledgement.
      await waitFor(() => received.length === 3);
      expect(received).toEqual(['one', 'two', 'three']);
    });
  });

  describe('MqttPublisher', () => {
    async function pair(
      topic: string,
    ): Promise<{ publisher: MqttPublisher; client: MqttClient; next: () => Promise<Buffer> }> {
      const [client, receiver] = [connect(), connect()];
      await Promise.all([connected(client), connected(receiver)]);
      await receiver.subscribeAsync(topic, { qos: 2 });
      const next = () =>
        new Promise<Buffer>((resolve) => receiver.once('message', (_topic, payload) => resolve(payload)));
      return { publisher: new MqttPublisher(client), client, next };
    }

    it.each([0, 1, 2] as const)(
      'publishes objects as JSON, text and bytes as they are, at QoS %d',
      async (qos) => {
        const { publisher, next } = await pair(`open/qos-${qos}`);
        for (const [payload, expected] of [
          [{ a: 1 }, '{"a":1}'],
          ['text', 'text'],
          [Buffer.from([0, 255]), '\0\ufffd'],
        ] as const) {
          const arrived = next();
          await publisher.publish(`open/qos-${qos}`, payload, { qos });
          expect(String(await arrived)).toBe(expected);
        }
      },
    );

    it('refuses wildcards and empty segments before anything is sent', async () => {
      const publisher = new MqttPublisher(connect());
      for (const topic of ['open/+', 'open/#', 'open//x', '']) {
        await expect(publisher.publish(topic, '', { qos: 1 })).rejects.toMatchObject({
          code: 'MQTT_INVALID_TOPIC',
          isRetryable: false,
        });
      }
    });

    it('reports what the broker does not allow', async () => {
      const { publisher } = await pair('open/x');
      await expect(publisher.publish('closed/x', 'x', { qos: 1 })).rejects.toMatchObject({
        code: 'MQTT_PUBLISH_FAILED',
        reasonCode: 0x87,
        isRetryable: false,
      });
    });

    it('sends nothing while it is not connected', async () => {
      const { publisher, client } = await pair('open/offline');
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
      await broker.kill();
      await closed;
      await expect(publisher.publish('open/offline', 'x', { qos: 1 })).rejects.toMatchObject({
        code: 'MQTT_UNAVAILABLE',
        isRetryable: true,
      });
    });

    it('stops waiting when its signal says so, and does not send that message again', async () => {
      const topic = `open/${randomUUID()}`;
      const { publisher, client } = await pair(topic);
      await broker.kill('SIGSTOP');
      const caller = new AbortController();
      const publishing = publisher.publish(topic, 'late', { qos: 1, signal: caller.signal });
      const reason = new Error('nobody wants it any more');
      caller.abort(reason);
      await expect(publishing).rejects.toBe(reason);
      await expect(publisher.publish(topic, 'x', { qos: 1, signal: caller.signal })).rejects.toBe(reason);
      expect(Object.keys(client.outgoing)).toEqual([]);
      await broker.kill('SIGCONT');
    });

    it('gives up on a broker that does not answer, and does not send that message again', async () => {
      const topic = `open/${randomUUID()}`;
      const { publisher, client } = await pair(topic);
      await broker.kill('SIGSTOP');
      await expect(
        publisher.publish(topic, 'late', { qos: 1, retain: true, timeoutMs: 100 }),
      ).rejects.toMatchObject({
        code: 'MQTT_PUBLISH_TIMEOUT',
        isRetryable: true,
      });
      // Frozen, the broker has read nothing; killed, it never will. Only a resend could bring the message, and as it is a
      // retained one it would still be there for whoever subscribes later.
      await broker.kill('SIGKILL');
      const observer = connect();
      const messages: string[] = [];
      observer.on('message', (_topic, payload) => messages.push(String(payload)));
      await broker.restart();
      await Promise.all([connected(client), connected(observer)]);
      await observer.subscribeAsync(topic, { qos: 1 });
      await publisher.publish(topic, 'next', { qos: 1 });
      await waitFor(() => messages.includes('next'));
      expect(messages).toEqual(['next']);
    });
  });
});
