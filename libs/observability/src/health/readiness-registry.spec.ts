import { describe, expect, it, vi } from 'vitest';
import { ReadinessRegistry } from './readiness-registry.ts';

const never = () => new Promise<void>(() => {});

describe('ReadinessRegistry', () => {
  it('is ready without checks', async () => {
    expect(await new ReadinessRegistry().report()).toEqual({ ready: true, checks: {} });
  });

  it('names each check that fails, with its redacted reason', async () => {
    const registry = new ReadinessRegistry();
    registry.register('postgres', async () => {});
    registry.register('redis', () => Promise.reject(new Error('redis://u:canary@h refused')));
    registry.register('broker', () => {
      throw new Error('thrown before any promise');
    });
    expect(await registry.report()).toEqual({
      ready: false,
      checks: {
        postgres: { ok: true },
        redis: { ok: false, error: 'redis://u:[redacted]@h refused' },
        broker: { ok: false, error: 'thrown before any promise' },
      },
    });
  });

  it('asks again each time, after a failure too', async () => {
    let isUp = false;
    const registry = new ReadinessRegistry();
    registry.register('redis', () => {
      if (!isUp) throw new Error('down');
      return Promise.resolve();
    });
    expect((await registry.report()).ready).toBe(false);
    isUp = true;
    expect((await registry.report()).ready).toBe(true);
  });

  it('runs the checks side by side and waits for none longer than its limit', async () => {
    const registry = new ReadinessRegistry();
    for (const name of ['a', 'b', 'c']) registry.register(name, never, { timeoutMs: 20 });
    const { checks } = await registry.report();
    expect(checks['c']).toEqual({ ok: false, error: 'no answer within 20 ms' });
  });

  it('does not start a hanging check a second time', async () => {
    const check = vi.fn<() => Promise<void>>(never);
    const registry = new ReadinessRegistry();
    registry.register('redis', check, { timeoutMs: 5 });
    await registry.report();
    await registry.report();
    expect(check).toHaveBeenCalledTimes(1);
  });

  it('is never ready once draining', async () => {
    const registry = new ReadinessRegistry();
    registry.register('redis', async () => {});
    registry.setDraining();
    const report = await registry.report();
    expect(report.ready).toBe(false);
    expect(report.checks['draining']?.ok).toBe(false);
    expect(report.checks['redis']?.ok).toBe(true);
  });

  it('refuses a second check of the same name', () => {
    const registry = new ReadinessRegistry();
    registry.register('redis', async () => {});
    expect(() => registry.register('redis', async () => {})).toThrow("'redis' exists already");
  });
});
