import { Metrics } from '@bus/observability';
import { RedisConnections, redisKeys } from '@bus/platform';
import { freePort, startMosquitto, startRedis, waitFor } from '@bus/testing';
import { expect, it } from 'vitest';
import { snapshotOf, startTestExporter, valueOf } from '../fixtures/test-exporter.fixture.ts';

it('still answers while Redis is away, says so, and goes on when it is back', async () => {
  const server = await startRedis();
  const redis = new RedisConnections({ REDIS_URL: server.url });
  const exporter = await startTestExporter({ REDIS_URL: server.url });
  const isRedisUp = async () => valueOf(await exporter.page(), 'bus_redis_up');
  try {
    const process = { app: 'ws-gateway', instance: 'g-1' };
    await redis.commands.hset(redisKeys.metrics, ...(await snapshotOf(new Metrics(process), process)));
    await waitFor(async () => (await isRedisUp()) === 1);
    expect(valueOf(await exporter.page(), 'up', process)).toBe(1);

    await server.kill();
    const page = await waitFor(async () => {
      const current = await exporter.page();
      return valueOf(current, 'bus_redis_up') === 0 && current;
    });
    expect(page.problems).toEqual([]);
    // Nobody can know whether the others are up, so nothing is claimed.
    expect(valueOf(page, 'up', process)).toBeUndefined();
    expect(valueOf(page, 'up', { app: 'metrics-exporter' })).toBe(1);
    expect(valueOf(page, 'bus_exporter_source_up', { source: 'queues' })).toBe(0);
    expect(valueOf(page, 'bus_exporter_source_up', { source: 'snapshots' })).toBe(0);

    await server.restart();
    await waitFor(async () => (await isRedisUp()) === 1);
    expect(valueOf(await exporter.page(), 'up', process)).toBe(1);
  } finally {
    await exporter.close();
    await redis.closeAll();
    await server.stop();
  }
});

it('answers within the time of a scrape when Redis hangs', async () => {
  const server = await startRedis();
  const exporter = await startTestExporter({ REDIS_URL: server.url });
  try {
    await waitFor(async () => valueOf(await exporter.page(), 'bus_redis_up') === 1);
    await server.kill('SIGSTOP');
    expect(valueOf(await exporter.page(), 'bus_redis_up')).toBe(0);
  } finally {
    await server.kill('SIGCONT');
    await exporter.close();
    await server.stop();
  }
}, 10_000);

it('answers when Redis was never there, and when the broker goes away', async () => {
  const broker = await startMosquitto();
  const user = broker.users[0];
  const exporter = await startTestExporter({
    REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
    MQTT_BROKER_ADDRESS: broker.host,
    MQTT_BROKER_PORT: String(broker.port),
    ...(user === undefined ? {} : { MQTT_USERNAME: user.username, MQTT_PASSWORD: user.password }),
  });
  const isBrokerUp = async () =>
    valueOf(await exporter.page(), 'bus_exporter_source_up', { source: 'broker' });
  try {
    await waitFor(async () => (await isBrokerUp()) === 1, { timeoutMs: 20_000 });
    expect(valueOf(await exporter.page(), 'bus_redis_up')).toBe(0);
    await broker.kill();
    await waitFor(async () => (await isBrokerUp()) === 0);
    const { samples } = await exporter.page();
    expect(samples.filter(({ name }) => name.startsWith('bus_mqtt_broker_'))).toEqual([]);
  } finally {
    await exporter.close();
    await broker.stop();
  }
});
