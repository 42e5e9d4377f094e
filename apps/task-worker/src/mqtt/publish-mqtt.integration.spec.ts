import { setTimeout as sleep } from 'node:timers/promises';
import { MqttSettings, connectMqtt, loadSettings, redisKeys } from '@bus/platform';
import type { MqttClient } from '@bus/platform';
import { PUBLISH_MQTT, readParking } from '@bus/task-base';
import { createRedisDatabase, startMosquitto, waitFor as waitAtMost } from '@bus/testing';
import type { AppProcess, MosquittoServer } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createScene } from '../fixtures/scene.fixture.ts';
import type { Scene } from '../fixtures/scene.fixture.ts';

const QUEUE = `${redisKeys.queuePrefix('external_api')}:external_api`;
const CIRCUIT = redisKeys.circuitBreaker('mqtt_broker');
const OPEN_MS = 300_000;
/** Five processes share the machine with whatever else runs. */
const waitFor = <T>(fn: () => T | Promise<T>) => waitAtMost(fn, { timeoutMs: 40_000 });
const USER = { MQTT_USERNAME: 'tester', MQTT_PASSWORD: 'tester' };

describe('publish_mqtt', () => {
  let broker: MosquittoServer;
  let scene: Scene;
  let worker: AppProcess;
  let device: MqttClient;
  const received: { command_id: number; qos: number; retain: boolean }[] = [];

  beforeEach(async () => {
    received.length = 0;
    broker = await startMosquitto();
    scene = await createScene({
      redisUrl: await createRedisDatabase(inject('redisUrl')),
      databaseUrl: inject('databaseUrl'),
      mqttPort: broker.port,
      mqttUsername: USER.MQTT_USERNAME,
      mqttPassword: USER.MQTT_PASSWORD,
    });
    worker = await scene.startWorker();
    await logged(({ msg }) => msg.startsWith('Connected to the broker'));
    const { mqtt } = loadSettings({ mqtt: MqttSettings }, { MQTT_BROKER_PORT: String(broker.port), ...USER });
    device = connectMqtt(mqtt, { clientId: 'gate-7', cleanStart: false, sessionExpirySeconds: 600 });
    device.on('message', (_topic, payload, { qos, retain }) => {
      const { command_id } = JSON.parse(payload.toString()) as { command_id: number };
      received.push({ command_id, qos, retain });
    });
    await listen();
  }, 120_000);
  afterEach(async () => {
    await device.endAsync(true);
    await scene.close();
    await broker.stop();
  });

  const listen = () => device.subscribeAsync('downlink/gate-7/#', { qos: 2 });
  const logged = (matches: Parameters<AppProcess['waitForLog']>[0]) =>
    worker.waitForLog(matches, { timeoutMs: 40_000 });
  const send = (command_id: number, changes: object = {}) => {
    const at = new Date().toISOString();
    const payload = { command_id, name: 'lock.door', params: {}, issued_at: at, expires_at: at };
    return scene.tasks.enqueue(PUBLISH_MQTT, { topic: 'downlink/gate-7/command', payload, ...changes });
  };
  const jobField = (jobId: string, field: string) =>
    scene.connections.commands.hget(`${QUEUE}:${jobId}`, field);
  const stateOfCircuit = () => scene.connections.commands.hget(CIRCUIT, 'state');
  const metric = async (name: string, labels: string) => {
    const text = await (await fetch(`${worker.opsUrl}/metrics`)).text();
    return Number(new RegExp(`${name}\\{${labels}[^}]*\\} (\\d+)`).exec(text)?.[1] ?? 0);
  };
  /** What the circuit and the queue remember becomes so much older. */
  async function moveTimeOn(milliseconds: number): Promise<void> {
    const { commands } = scene.connections;
    for (const field of ['opened_at', 'open_until']) await commands.hincrby(CIRCUIT, field, -milliseconds);
    await commands.publish(redisKeys.circuitChannel, 'mqtt_broker');
  }
  async function endBackOffs(): Promise<void> {
    const { commands } = scene.connections;
    for (const jobId of await commands.zrange(`${QUEUE}:delayed`, '0', '-1')) {
      await commands.zadd(`${QUEUE}:delayed`, 0, jobId);
    }
    await commands.zadd(`${QUEUE}:marker`, 0, '0');
  }

  it('publishes with the quality asked for, once the broker has it', async () => {
    const jobs = [
      await send(1),
      await send(2, { qos: 2 }),
      await send(3, { qos: 0 }),
      await send(4, { retain: true }),
    ];
    await waitFor(() => received.length === 4);
    expect(received.toSorted((a, b) => a.command_id - b.command_id)).toMatchObject([
      { command_id: 1, qos: 1, retain: false },
      { command_id: 2, qos: 2 },
      { command_id: 3, qos: 0 },
      { command_id: 4, qos: 1 },
    ]);
    for (const { jobId } of jobs) await waitFor(() => jobField(jobId, 'finishedOn'));
    expect(await metric('bus_external_service_calls_total', 'service="mqtt_broker",outcome="success"')).toBe(
      4,
    );
    expect(await metric('bus_mqtt_downlink_messages_total', 'kind="command",result="success"')).toBe(4);
  }, 120_000);

  it('puts what can never be published into the dead letters at once, and the broker is not to blame', async () => {
    await send(1, { topic: 'device/gate-7/telemetry' });
    await send(2, { payload: { command_id: 'nine' } });
    await waitFor(async () => (await scene.count('dead_letters')) === 2);
    const { rows } = await scene.pool.query<{ reason: string; attempts: number }>(
      'select reason, attempts from dead_letters order by reason',
    );
    expect(rows).toMatchObject([
      { reason: 'MQTT_PAYLOAD_INVALID', attempts: 1 },
      { reason: 'MQTT_TOPIC_NOT_ALLOWED', attempts: 1 },
    ]);
    expect(await stateOfCircuit()).toBeNull();
  }, 120_000);

  it('opens the circuit after five failures, refuses at once, tries once when its time has come, and loses nothing', async () => {
    await broker.kill('SIGKILL');
    await logged(({ msg }) => msg.includes('MQTT connection'));
    const failing = await Promise.all([1, 2, 3, 4, 5].map((id) => send(id)));
    await waitFor(async () => (await stateOfCircuit()) === 'open');
    for (const { jobId } of failing) await waitFor(async () => (await jobField(jobId, 'atm')) === '1');

    const sixth = await send(6);
    const parking = await waitFor(() => readParking(scene.connections.commands, 'external_api', sixth.jobId));
    expect(parking.service).toBe('mqtt_broker');
    expect(await metric('bus_external_service_calls_total', 'service="mqtt_broker",outcome="failure"')).toBe(
      5,
    );
    expect(await metric('bus_external_service_calls_total', 'service="mqtt_broker",outcome="rejected"')).toBe(
      1,
    );
    expect(await metric('bus_external_service_circuit_state', 'service="mqtt_broker",state="open"')).toBe(1);
    await waitFor(() => scene.connections.commands.zscore(`${QUEUE}:delayed`, sixth.jobId));
    expect(await jobField(sixth.jobId, 'atm')).toBeNull();

    // The broker comes back long before the circuit lets anyone try: the seventh is refused as well.
    await broker.restart();
    await logged(({ msg }) => msg.startsWith('Connected again'));
    // A killed broker forgets who subscribed.
    await waitFor(() => device.connected);
    await listen();
    const seventh = await send(7);
    await waitFor(() => readParking(scene.connections.commands, 'external_api', seventh.jobId));
    expect(received).toEqual([]);

    await moveTimeOn(OPEN_MS);
    // Until the worker has heard that time was moved it goes by its own, and parks what comes.
    const later: number[] = [];
    await waitFor(async () => {
      later.push(8 + later.length);
      await send(later.at(-1)!);
      await sleep(500);
      return (await stateOfCircuit()) === 'closed';
    });
    // The parked ones, and the one that tried.
    const hasArrived = (id: number) => received.some(({ command_id }) => command_id === id);
    const missing = () => [6, 7, ...later].filter((id) => !hasArrived(id));
    await waitFor(() => missing().length === 0);
    const transitions = 'bus_external_service_circuit_transitions_total';
    expect(await metric(transitions, 'service="mqtt_broker",to="half_open"')).toBe(1);
    expect(await metric(transitions, 'service="mqtt_broker",to="closed"')).toBe(1);

    await endBackOffs();
    await waitFor(() => [1, 2, 3, 4, 5].every(hasArrived));
    expect(received).toHaveLength(7 + later.length);
    expect(await scene.count('dead_letters')).toBe(0);
  }, 180_000);
});
