import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RoutingNames } from '../seal/routing-names.ts';
import { AdapterChannels } from './adapter-channels.ts';
import { decodeChannelMessage, encodeChannelMessage } from './channel-message.ts';

describe('AdapterChannels', () => {
  const channels = new AdapterChannels(new RoutingNames(randomBytes(32)));

  it('puts all broadcasts of a namespace where its pattern listens', () => {
    const wire = channels.wireOf('bus#/#*');
    for (const channel of ['bus#/#', 'bus#/#tenant_7#', 'bus#/##hash#room#'])
      expect(channels.wireOf(channel)).toBe(wire);
  });

  it('keeps namespaces, requests and each response channel apart, and readable nowhere', () => {
    const all = [
      'bus#/#',
      'bus#/other#',
      'bus-request#/#',
      'bus-response#/#',
      'bus-response#/#aB3#',
      'bus-response#/#cD4#',
    ].map((channel) => channels.wireOf(channel));
    expect(new Set(all).size).toBe(all.length);
    for (const wire of all) expect(wire).toMatch(/^bus:cl:adapter:[\w-]{22}$/);
  });
});

describe('a channel message', () => {
  it.each([
    ['bus#/#', 'text'],
    ['bus#/#ümläut#', ''],
    ['', 'x'.repeat(70_000)],
  ])('comes back as it went: %j', (channel, payload) => {
    const decoded = decodeChannelMessage(encodeChannelMessage(channel, payload));
    expect([decoded?.channel.toString(), decoded?.payload.toString()]).toEqual([channel, payload]);
  });

  it.each([[[]], [[0]], [[0, 5, 1, 2]]])('is not %j', (bytes) => {
    expect(decodeChannelMessage(Buffer.from(bytes))).toBeUndefined();
  });
});
