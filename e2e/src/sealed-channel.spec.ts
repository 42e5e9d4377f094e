import { waitFor } from '@bus/testing';
import { startBus, type RunningBus } from '@bus/tools';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AlertSource } from './support/alert-source.ts';
import { logIn, Operator } from './support/operator.ts';

const SECRET_TEXT = 'intruder at the north vault';

describe('a spy on Redis', () => {
  let bus: RunningBus;
  let spy: Redis;

  beforeAll(async () => {
    bus = await startBus({ gateways: 2 });
    spy = new Redis(bus.redisUrl);
  }, 120_000);
  afterAll(async () => {
    spy.disconnect();
    await bus.stop();
  });

  it('finds neither message, token nor group name on any channel or in any key of the channel layer', async () => {
    // A dump would otherwise hide text from this test by compressing it.
    await spy.config('SET', 'rdbcompression', 'no');
    const heard: string[] = [];
    const listener = spy.duplicate();
    listener.on('pmessageBuffer', (_pattern, channel: Buffer, message: Buffer) => {
      heard.push(channel.toString('latin1'), message.toString('latin1'));
    });
    await listener.psubscribe('*');

    const source = await AlertSource.connect({ url: bus.broker.url, ...bus.devices[0]! });
    const operator = await Operator.connect(bus.gatewayUrls, bus.users.noc_operator);
    await source.alert('spied-1', { message: SECRET_TEXT });
    await waitFor(() => operator.alerts.length === 1);
    const alertId = operator.alerts[0]!.data.alert_id;
    expect(await operator.request('acknowledge_alert', { alert_id: alertId })).toMatchObject({ ok: true });
    // A logout makes the gateways talk to each other about a session.
    const { cookie, token } = await logIn(bus.gatewayUrls[1]!, bus.users.noc_operator);
    const logout = await fetch(new URL('/auth/logout', bus.gatewayUrls[1]), {
      method: 'POST',
      headers: { cookie, origin: bus.gatewayUrls[1]!, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(logout.ok).toBe(true);

    const kept = await everythingUnder(spy, 'bus:cl:*');
    expect(heard.length).toBeGreaterThan(0);
    expect(kept.length).toBeGreaterThan(0);
    const seen = [...heard, ...kept].join('\n');
    for (const secret of [
      SECRET_TEXT,
      'spied-1',
      'noc_dashboard',
      'noc_client_',
      'tenant_',
      'user_',
      token,
      'critical_alert',
    ]) {
      expect(seen, `plaintext of ${secret}`).not.toContain(secret);
    }
    listener.disconnect();
    operator.close();
    await source.close();
  });

  it('cannot put a message of its own or an old one on a screen, and is counted', async () => {
    const frames: { channel: Buffer; frame: Buffer }[] = [];
    const listener = spy.duplicate();
    listener.on('pmessageBuffer', (_pattern, channel: Buffer, frame: Buffer) =>
      frames.push({ channel, frame }),
    );
    await listener.psubscribe('bus:cl:*');
    const source = await AlertSource.connect({ url: bus.broker.url, ...bus.devices[0]! });
    const operator = await Operator.connect(bus.gatewayUrls, bus.users.noc_operator);
    await source.alert('real-1');
    await waitFor(() => operator.alerts.length === 1 && frames.length > 0);

    for (const { channel, frame } of frames.splice(0)) {
      await spy.publish(channel, frame);
      const forged = Buffer.from(frame);
      forged[forged.length - 1]! ^= 1;
      await spy.publish(channel, forged);
      await spy.publish(
        channel,
        '{"type":3,"uid":"x","opts":{"rooms":[],"except":[],"flags":{}},"close":true}',
      );
      await spy.publish(channel, 'garbage');
    }
    await source.alert('real-2');
    await waitFor(() => operator.alerts.length >= 2);
    expect(operator.messageIds).toEqual(['real-1', 'real-2']);
    expect(operator.subscriptions).toHaveLength(1);

    const metrics = await (await fetch(`${bus.gateways[0]!.process.opsUrl}/metrics`)).text();
    for (const reason of ['forged', 'replayed', 'malformed']) {
      const line = new RegExp(`^bus_channel_rejected_total\\{[^}]*reason="${reason}"[^}]*\\} [1-9]`, 'm');
      expect(metrics).toMatch(line);
    }
    listener.disconnect();
    operator.close();
    await source.close();
  });
});

/** Names and values of all keys that match, as one list of text. */
async function everythingUnder(redis: Redis, pattern: string): Promise<string[]> {
  const found: string[] = [];
  for await (const keys of redis.scanStream({ match: pattern }) as AsyncIterable<string[]>) {
    for (const key of keys) {
      const dump = await redis.dumpBuffer(key);
      found.push(key, dump?.toString('latin1') ?? '');
    }
  }
  return found;
}
