import { connectMqtt } from '@bus/platform';
import type { MqttClient } from '@bus/platform';
import type { CommandReplyJob, DownlinkAck } from '@bus/payload-schemas';
import {
  PROCESS_COMMAND_REPLY,
  PROCESS_DEVICE_ALERT,
  PROCESS_DEVICE_TELEMETRY,
  PROCESS_GUARD_GPS,
  PROCESS_SENSOR_DATA,
  PROCESS_SYSTEM_HEALTH,
} from '@bus/task-base';
import { waitFor } from '@bus/testing';
import type { AppProcess } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { KNOWN_DEVICE, alertJob, createScene, sharedBackends } from './fixtures/scene.fixture.ts';
import type { Scene } from './fixtures/scene.fixture.ts';

const NOW = new Date().toISOString();
const entry = (messageId: string) => ({
  message_id: messageId,
  device_time: NOW,
  received_at: NOW,
  clock_suspect: false,
  raw: {},
});

describe('task-worker', () => {
  let scene: Scene;
  let worker: AppProcess;
  let device: MqttClient;
  const acks: (DownlinkAck & { on: string })[] = [];

  beforeAll(async () => {
    scene = await createScene(await sharedBackends());
    device = connectMqtt(
      {
        MQTT_BROKER_ADDRESS: inject('mqttHost'),
        MQTT_BROKER_PORT: inject('mqttPort'),
        MQTT_USERNAME: inject('mqttUsername'),
        MQTT_PASSWORD: inject('mqttPassword'),
        MQTT_SSL_ENABLED: false,
        MQTT_KEEPALIVE_SECONDS: 30,
      },
      { clientId: `task-worker-spec-${process.pid}`, cleanStart: true },
    );
    device.on('message', (topic, payload) => {
      const { message_id, topic: ackTopic, stored_at } = JSON.parse(payload.toString()) as DownlinkAck;
      acks.push({ on: topic, message_id, topic: ackTopic, stored_at });
    });
    await device.subscribeAsync(`downlink/+/ack`, { qos: 1 });
    worker = await scene.startWorker();
    await worker.waitForLog(({ msg }) => msg.startsWith('Connected to the broker'));
  });
  afterAll(async () => {
    await device?.endAsync(true);
    await scene?.close();
  });

  const ackOf = (messageId: string) => acks.filter(({ message_id }) => message_id === messageId);
  const shown = async (group: Parameters<Scene['eventsOf']>[0], messageId: string) =>
    (await scene.eventsOf(group)).filter(({ data }) => data['message_id'] === messageId);

  it('stores an alert, shows it to everyone concerned and confirms it to the device', async () => {
    await scene.enqueueAlert(alertJob('full'));
    const [ack] = await waitFor(() => ackOf('full').length === 1 && ackOf('full'));
    const { rows } = await scene.pool.query('select * from device_alerts where message_id = $1', ['full']);
    expect(rows).toMatchObject([
      {
        source_id: KNOWN_DEVICE,
        client_id: scene.known.clientId,
        tenant_id: scene.known.tenantId,
        severity: 'critical',
      },
    ]);
    expect(ack).toEqual({
      on: `downlink/${KNOWN_DEVICE}/ack`,
      message_id: 'full',
      topic: `alert/panic/${KNOWN_DEVICE}`,
      stored_at: (rows[0] as { stored_at: Date }).stored_at.toISOString(),
    });
    const { clientId, tenantId, supervisorId } = scene.known;
    for (const [group, type] of [
      ['noc_dashboard', 'critical_alert'],
      [`noc_client_${clientId}`, 'critical_alert'],
      [`tenant_${tenantId}`, 'tenant_alert'],
      [`user_${supervisorId}`, 'supervisor_alert'],
    ] as const) {
      expect(await shown(group, 'full')).toMatchObject([
        {
          type,
          priority: 'critical',
          task_name: 'process_device_alert',
          data: { client_name: 'Harbour', status: 'new' },
        },
      ]);
    }
  });

  it('confirms again, and shows nothing again, when the device sends again', async () => {
    const alert = alertJob('resent');
    const { jobId } = await scene.enqueueAlert(alert);
    await waitFor(() => ackOf('resent').length === 1);
    await scene.connections.commands.hset(
      `bus:{critical}:critical:${jobId}`,
      'finishedOn',
      Date.now() - 60_000,
    );
    expect(await scene.enqueueAlert(alert)).toMatchObject({ duplicate: true });
    await waitFor(() => ackOf('resent').length === 2);
    expect(await shown('noc_dashboard', 'resent')).toHaveLength(1);
    expect(await scene.count('device_alerts', `message_id = 'resent'`)).toBe(1);
  });

  it('does not show a stored alert that comes under another job id', async () => {
    await scene.enqueueAlert(alertJob('twice'));
    await waitFor(() => ackOf('twice').length === 1);
    await scene.tasks.enqueue(PROCESS_DEVICE_ALERT, alertJob('twice'));
    await waitFor(() => ackOf('twice').length === 2);
    expect(await shown('noc_dashboard', 'twice')).toHaveLength(1);
  });

  describe('an alert that ingest sent the short way', () => {
    it('is shown to its owners, and to the operations centre not again', async () => {
      const alert = alertJob('express', { express: true });
      await Promise.all([scene.showAlert(alert), scene.storeAlert(alert)]);
      await scene.enqueueAlert(alert);
      await waitFor(() => ackOf('express').length === 1);
      const { tenantId, supervisorId } = scene.known;
      expect(await shown('noc_dashboard', 'express')).toHaveLength(1);
      expect(await shown(`tenant_${tenantId}`, 'express')).toMatchObject([{ type: 'tenant_alert' }]);
      expect(await shown(`user_${supervisorId}`, 'express')).toMatchObject([{ type: 'supervisor_alert' }]);
    });

    it('is shown by its job when ingest came no further than the row, or not even there', async () => {
      const alert = alertJob('half', { express: true });
      await scene.storeAlert(alert);
      await scene.enqueueAlert(alert);
      await scene.enqueueAlert(alertJob('nothing', { express: true }));
      await waitFor(() => ackOf('half').length === 1 && ackOf('nothing').length === 1);
      expect(await shown('noc_dashboard', 'half')).toMatchObject([{ type: 'critical_alert' }]);
      expect(await shown('noc_dashboard', 'nothing')).toMatchObject([{ type: 'critical_alert' }]);
    });

    it('is shown to its owners although the operations centre has answered it already', async () => {
      const alert = alertJob('quick', { express: true });
      await scene.storeAlert(alert);
      await scene.pool.query(
        `update device_alerts set status = 'acknowledged', acknowledged_by = $1, acknowledged_at = now()
         where message_id = 'quick'`,
        [scene.known.supervisorId],
      );
      await scene.enqueueAlert(alert);
      await waitFor(() => ackOf('quick').length === 1);
      expect(await shown(`tenant_${scene.known.tenantId}`, 'quick')).toMatchObject([
        { type: 'tenant_alert', data: { status: 'acknowledged' } },
      ]);
    });

    it('is told of as an update when it was stored long after it was shown', async () => {
      const received_at = new Date(Date.now() - 5_000).toISOString();
      const late = alertJob('late', { express: true, received_at });
      await scene.showAlert(late);
      await scene.enqueueAlert(late);
      await scene.enqueueAlert(alertJob('waited', { received_at }));
      await waitFor(() => ackOf('late').length === 1 && ackOf('waited').length === 1);
      expect(await shown('noc_dashboard', 'late')).toMatchObject([
        { type: 'critical_alert', data: { version: 1 } },
        { type: 'alert_updated', data: { version: 1, client_name: 'Harbour' } },
      ]);
      expect(await shown('noc_dashboard', 'waited')).toMatchObject([{ type: 'critical_alert' }]);
    });
  });

  it('shows an alert of long ago that nobody has answered, and only confirms one that somebody has', async () => {
    for (const alert of [alertJob('open'), alertJob('answered')]) await scene.storeAlert(alert);
    await scene.pool.query(
      `update device_alerts set stored_at = now() - interval '2 hours' where message_id in ('open', 'answered')`,
    );
    await scene.pool.query(
      `update device_alerts set status = 'resolved', resolved_by = $1, resolved_at = now()
       where message_id = 'answered'`,
      [scene.known.supervisorId],
    );
    for (const alert of [alertJob('open'), alertJob('answered')]) await scene.enqueueAlert(alert);
    await waitFor(() => ackOf('open').length === 1 && ackOf('answered').length === 1);
    expect(await shown('noc_dashboard', 'open')).toHaveLength(1);
    expect(await shown('noc_dashboard', 'answered')).toEqual([]);
  });

  it('keeps the same message id of two devices apart and an unknown device within the operations centre', async () => {
    await scene.enqueueAlert(alertJob('common'));
    await scene.enqueueAlert(alertJob('common', { source_id: 'dev-unknown', severity: 'high' }));
    await waitFor(() => ackOf('common').length === 2);
    expect((await shown('noc_dashboard', 'common')).map(({ type }) => type)).toEqual([
      'critical_alert',
      'alert_notification',
    ]);
    expect(await shown(`tenant_${scene.known.tenantId}`, 'common')).toHaveLength(1);
  });

  it('shows a burst in the order it was enqueued', async () => {
    const ids = Array.from({ length: 300 }, (_, index) => `burst-${String(index).padStart(3, '0')}`);
    await Promise.all(
      ids.map((id, index) =>
        scene.enqueueAlert(alertJob(id, { source_id: index % 2 ? KNOWN_DEVICE : 'dev-2' })),
      ),
    );
    const seen = await waitFor(async () => {
      const events = (await scene.eventsOf('noc_dashboard')).map(({ data }) => String(data['message_id']));
      const burst = events.filter((id) => id.startsWith('burst-'));
      return burst.length === ids.length && burst;
    });
    expect(seen).toEqual(ids);
  });

  it('stores batches once, however often they come', async () => {
    const telemetry = ['t-1', 't-2'].map((id) => ({
      ...entry(id),
      device_id: KNOWN_DEVICE,
      battery: 80,
      readings: { humidity: 40 },
    }));
    const gps = ['g-1'].map((id) => ({
      ...entry(id),
      source_id: 'guard-1',
      lat: 54.3,
      lon: 10.1,
      accuracy: 4,
    }));
    const health = ['h-1'].map((id) => ({
      ...entry(id),
      source_id: 'edge-1',
      cpu: 10,
      memory: 20,
      disk: 30,
      uptime: 40,
    }));
    for (let time = 0; time < 2; time += 1) {
      await scene.tasks.enqueue(PROCESS_DEVICE_TELEMETRY, { messages: telemetry });
      await scene.tasks.enqueue(PROCESS_GUARD_GPS, { messages: gps });
      await scene.tasks.enqueue(PROCESS_SYSTEM_HEALTH, { messages: health });
    }
    await waitFor(async () => {
      const metrics = await (await fetch(`${worker.opsUrl}/metrics`)).text();
      const ended =
        /bus_task_completed_total\{[^}]*task="process_(?:device_telemetry|guard_gps|system_health)"[^}]*\} (\d+)/g;
      return [...metrics.matchAll(ended)].reduce((sum, [, count]) => sum + Number(count), 0) === 6;
    });
    expect(await scene.count('device_telemetry')).toBe(2);
    expect(await scene.count('guard_locations')).toBe(1);
    expect(await scene.count('system_health')).toBe(1);
  });

  it('raises a fire alert for smoke above the limit, once', async () => {
    const messages = [
      { ...entry('s-1'), source_id: 'sensor-1', type: 'smoke', value: 140 },
      { ...entry('s-2'), source_id: 'sensor-1', type: 'smoke', value: 60 },
      { ...entry('s-3'), source_id: 'sensor-1', type: 'door', state: 'open' },
    ];
    await scene.tasks.enqueue(PROCESS_SENSOR_DATA, { messages });
    await scene.tasks.enqueue(PROCESS_SENSOR_DATA, { messages });
    await waitFor(() => ackOf('smoke-s-1').length > 0);
    await waitFor(async () => (await scene.count('sensor_readings')) === 3);
    expect(await scene.count('device_alerts', `alert_type = 'fire' and severity = 'critical'`)).toBe(1);
    expect(await shown('noc_dashboard', 'smoke-s-1')).toHaveLength(1);
  });

  it('writes the reply of a device into its command and shows it; nobody answers for another device', async () => {
    const { rows } = await scene.pool.query<{ id: string }>(
      `insert into commands (device_id, client_id, tenant_id, name, params, status, expires_at)
       values ($1, $2, $3, 'open_gate', '{}', 'sent', now() + interval '1 minute') returning id`,
      [scene.known.deviceId, scene.known.clientId, scene.known.tenantId],
    );
    const commandId = Number(rows[0]?.id);
    const reply = (messageId: string, changes: Partial<CommandReplyJob>): CommandReplyJob => ({
      ...entry(messageId),
      device_id: KNOWN_DEVICE,
      command_id: commandId,
      status: 'succeeded',
      result: { opened: true },
      ...changes,
    });
    const send = (job: CommandReplyJob) =>
      scene.tasks.enqueue(PROCESS_COMMAND_REPLY, job, { jobId: `${job.device_id}.${job.message_id}` });
    await send(reply('r-0', { device_id: 'dev-2', status: 'failed' }));
    await worker.waitForLog(({ msg }) => msg.includes('which is not one of its own'));
    await send(reply('r-1', { status: 'received' }));
    await waitFor(async () => (await scene.count('commands', `status = 'delivered'`)) === 1);
    await send(reply('r-2', {}));
    await waitFor(async () => (await scene.count('commands', `status = 'succeeded'`)) === 1);
    const updates = await waitFor(async () => {
      const events = (await scene.eventsOf(`noc_client_${scene.known.clientId}`)).filter(
        ({ type }) => type === 'command_updated',
      );
      return events.length === 2 && events;
    });
    expect(updates.map(({ data }) => [data['command_id'], data['status']])).toEqual([
      [commandId, 'delivered'],
      [commandId, 'succeeded'],
    ]);
  });

  it('refuses queues that do not exist', async () => {
    await expect(scene.startWorker({ TASK_WORKER_QUEUES: 'critical,critcal' })).rejects.toThrow(
      /TASK_WORKER_QUEUES/,
    );
  });
});
