import { waitFor } from '@bus/testing';
import { startBus, type RunningBus } from '@bus/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AlertSource } from './support/alert-source.ts';
import { Operator } from './support/operator.ts';

describe('an operator whose gateway is killed', () => {
  let bus: RunningBus;

  beforeAll(async () => {
    bus = await startBus({ gateways: 2 });
  }, 120_000);
  afterAll(() => bus.stop());

  it('ends at the other gateway with exactly what was published, in order, none twice', async () => {
    const source = await AlertSource.connect({ url: bus.broker.url, ...bus.devices[0]! });
    const operator = await Operator.connect(bus.gatewayUrls, bus.users.noc_operator);
    const ids = Array.from({ length: 120 }, (_, index) => `failover-${index}`);

    for (const id of ids.slice(0, 40)) await source.alert(id);
    await waitFor(() => operator.alerts.length === 40);
    // The kill and the following alerts overlap: some of them are published while nobody listens.
    const killed = bus.gateways[0]!.kill();
    for (const id of ids.slice(40)) await source.alert(id);
    await killed;

    await expect.poll(() => operator.messageIds, { timeout: 20_000, interval: 50 }).toEqual(ids);
    const noc = operator.subscriptions.at(-1)!.groups.find(({ group }) => group === 'noc_dashboard')!;
    expect(noc.result).toBe('replayed');
    expect(noc.replayed).toBeGreaterThan(0);

    operator.close();
    await source.close();
  });
});
