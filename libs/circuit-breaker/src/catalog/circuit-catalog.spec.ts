import { describe, expect, it } from 'vitest';
import { CIRCUITS, circuitDefinition, serviceLabel } from './circuit-catalog.ts';

describe('CIRCUITS', () => {
  it.each(Object.entries(CIRCUITS))('%s keeps the numbers of the contract', (_service, circuit) => {
    expect(circuit).toMatchObject({
      failureThreshold: 5,
      windowMs: 300_000,
      openMs: 300_000,
      timeoutMs: 10_000,
    });
  });
});

describe('circuitDefinition', () => {
  it('takes the catalog, then what the process changes', () => {
    const overrides = { smtp: { openMs: 1_000 }, vendor_api: { timeoutMs: 5 } };
    expect(circuitDefinition('smtp', overrides)).toEqual({ ...CIRCUITS.smtp, openMs: 1_000 });
    expect(circuitDefinition('vendor_api', overrides)).toMatchObject({ timeoutMs: 5, failureThreshold: 5 });
  });

  it.each(['', 'Smtp', '9lives', 'a-b', 'a b', 'a}{b', 'constructor.name', `a${'x'.repeat(64)}`])(
    'refuses the name %j',
    (name) => {
      expect(() => circuitDefinition(name)).toThrow(RangeError);
    },
  );

  it('does not take names of object prototypes for services of the catalog', () => {
    expect(circuitDefinition('constructor')).toMatchObject({ failureThreshold: 5 });
    expect(serviceLabel('constructor')).toBe('other');
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])('refuses %d as a number of milliseconds', (openMs) => {
    expect(() => circuitDefinition('smtp', { smtp: { openMs } })).toThrow(/openMs must be/);
  });
});
