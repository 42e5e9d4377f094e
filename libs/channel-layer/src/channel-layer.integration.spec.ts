import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createRedisDatabase, waitFor } from '@bus/testing';
import {
  EncryptionSettings,
  loadSettings,
  PlatformModule,
  RedisSettings,
  RuntimeSettings,
} from '@bus/platform';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { ChannelLayerModule } from './channel-layer.module.ts';
import { ChannelLayer } from './channel-layer.ts';
import {
  broadcastToWebSocketGroup,
  checkChannelLayerHealth,
  useChannelLayer,
} from './default-channel-layer.ts';
import { closeAfterEach } from './fixtures/close-after-each.fixture.ts';
import { MemoryOutbox } from './fixtures/memory-outbox.fixture.ts';
import { TestClient } from './fixtures/test-client.fixture.ts';
import { TestGateway, TestProcess, testKeys } from './fixtures/channel-processes.fixture.ts';
import { GroupHistory } from './history/group-history.ts';
import { BROADCAST_OUTBOX } from './outbox/broadcast-outbox.ts';
import { OutboxRelay } from './outbox/outbox-relay.ts';
import { ResumeCoordinator } from './socket/resume-coordinator.ts';
import { SealedSocketAdapter } from './socket/sealed-socket-adapter.ts';

const opened = closeAfterEach();
let redisUrl: string;
beforeAll(async () => {
  redisUrl = await createRedisDatabase(inject('redisUrl'));
});

describe('ChannelLayer', () => {
  it('gives the browsers of a group, and only those, the whole envelope on every gateway', async () => {
    const keys = testKeys();
    const one = opened(await TestGateway.start({ redisUrl, keys }));
    const two = opened(await TestGateway.start({ redisUrl, keys }));
    const worker = opened(new TestProcess({ redisUrl, keys }));
    const [a, b, other] = [['noc_dashboard'], ['noc_dashboard'], ['tenant_9']].map((groups) =>
      opened(new TestClient(groups)),
    );
    await a!.connect(one.url);
    await b!.connect(two.url);
    await other!.connect(two.url);
    const alert = {
      messageType: 'critical_alert',
      data: { n: 1 },
      priority: 'critical',
      taskId: '7',
      taskName: 'process_device_alert',
    } as const;
    expect(await worker.layer.broadcastToNocDashboard(alert)).toBe(true);

    await waitFor(() => a!.events.length === 1 && b!.events.length === 1);
    expect(a!.events).toEqual(b!.events);
    expect(JSON.stringify(a!.events[0])).toBe(
      JSON.stringify({
        type: 'critical_alert',
        data: { n: 1 },
        priority: 'critical',
        timestamp: a!.events[0]!.timestamp,
        task_id: '7',
        task_name: 'process_device_alert',
        group: 'noc_dashboard',
        epoch: (await worker.history.position('noc_dashboard')).epoch,
        offset: '1',
      }),
    );
    expect(Math.abs(Date.now() - Date.parse(a!.events[0]!.timestamp))).toBeLessThan(10_000);
    expect(other!.events).toEqual([]);
  });

  it('finds the group of each method, counts and times it', async () => {
    const keys = testKeys();
    const gateway = opened(await TestGateway.start({ redisUrl, keys }));
    const { layer, metrics } = opened(new TestProcess({ redisUrl, keys }));
    const groups = ['user_1', 'tenant_2', 'noc_dashboard', 'noc_client_3'];
    const client = opened(new TestClient(groups));
    await client.connect(gateway.url);
    const content = { messageType: 'task_complete', data: { n: 1 } } as const;
    expect(await layer.broadcastToUser({ userId: 1, ...content })).toBe(true);
    expect(await layer.broadcastToTenant({ tenantId: 2, ...content })).toBe(true);
    expect(await layer.broadcastToNocDashboard(content)).toBe(true);
    expect(await layer.broadcastToNocDashboard({ clientId: 3, ...content })).toBe(true);
    expect(
      await layer.broadcastTaskProgress({ userId: 1, taskName: 'train_model', taskId: '4', progress: 250 }),
    ).toBe(true);
    await waitFor(() => client.events.length === 5);
    expect(client.events.map(({ group, type, priority }) => `${group} ${type} ${priority}`)).toEqual([
      'user_1 task_complete normal',
      'tenant_2 task_complete normal',
      'noc_dashboard task_complete normal',
      'noc_client_3 task_complete normal',
      'user_1 task_progress low',
    ]);
    expect(client.events[4]).toMatchObject({
      task_id: '4',
      task_name: 'train_model',
      data: { task_name: 'train_model', task_id: '4', progress: 100, status: 'running', message: null },
    });
    const text = (await metrics.render()).body;
    expect(text).toMatch(
      /bus_websocket_broadcast_total\{target="noc_dashboard",priority="normal",result="success".*\} 2/,
    );
    expect(text).toMatch(
      /bus_websocket_broadcast_total\{target="task_progress",priority="low",result="success".*\} 1/,
    );
    expect(text).toMatch(/bus_websocket_broadcast_duration_seconds_count\{.*target="noc_dashboard".*\} 2/);
    expect((await gateway.metrics.render()).body).toMatch(/bus_websocket_adapter_lag_seconds_count\{.*\} 5/);
  });

  it('sends many in their order', async () => {
    const keys = testKeys();
    const gateway = opened(await TestGateway.start({ redisUrl, keys }));
    const { layer } = opened(new TestProcess({ redisUrl, keys }));
    const client = opened(new TestClient(['user_5']));
    await client.connect(gateway.url);
    const numbers = Array.from({ length: 300 }, (_, index) => index);
    const many = numbers.map((n) => ({
      groupName: 'user_5',
      messageType: 'command_updated' as const,
      data: { n },
    }));
    expect(await layer.broadcastMany(many)).toEqual(numbers.map(() => true));
    await waitFor(() => client.events.length === 300);
    expect(client.numbers('user_5')).toEqual(numbers);
  });

  it('is healthy when a probe comes back, and not when it cannot be opened', async () => {
    const keys = testKeys();
    expect(await opened(new TestProcess({ redisUrl, keys })).layer.checkHealth()).toEqual({
      healthy: true,
      latencyMs: expect.any(Number),
    });
    const blind = opened(new TestProcess({ redisUrl, keys }));
    blind.core.opener.openStored = () => ({ ok: false, reason: 'unknown_key' });
    expect(await blind.layer.checkHealth()).toMatchObject({
      healthy: false,
      reason: expect.stringContaining('read back'),
    });
  });
});

describe('ChannelLayerModule', () => {
  it('provides everything, and the plain functions use it', async () => {
    useChannelLayer(undefined);
    const broadcast = { groupName: 'user_6', messageType: 'task_complete', data: {} } as const;
    expect(await broadcastToWebSocketGroup(broadcast)).toBe(false);
    expect(await checkChannelLayerHealth()).toMatchObject({ healthy: false });

    const settings = loadSettings(
      { runtime: RuntimeSettings, redis: RedisSettings, encryption: EncryptionSettings },
      { REDIS_URL: redisUrl },
    );
    class Outboxes {}
    Module({ providers: [MemoryOutbox], exports: [MemoryOutbox] })(Outboxes);
    class App {}
    Module({
      imports: [
        PlatformModule.forRoot({ app: 'test', runtime: settings.runtime, redis: settings.redis }),
        ChannelLayerModule.forRoot({
          encryption: settings.encryption,
          imports: [Outboxes],
          outbox: MemoryOutbox,
        }),
      ],
    })(App);
    const app = opened(await NestFactory.createApplicationContext(App, { logger: false }));
    for (const token of [ChannelLayer, GroupHistory, OutboxRelay, ResumeCoordinator, SealedSocketAdapter]) {
      expect(app.get(token)).toBeInstanceOf(token);
    }
    expect(app.get(BROADCAST_OUTBOX)).toBe(app.get(MemoryOutbox));
    expect(await broadcastToWebSocketGroup(broadcast)).toBe(true);
    expect(await checkChannelLayerHealth()).toMatchObject({ healthy: true });
  });
});
