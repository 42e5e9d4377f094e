import { randomBytes } from 'node:crypto';
import { ValueSealer } from '@bus/channel-layer';
import { Id, Sensitive, Text } from '@bus/payload-schemas';
import { describe, expect, it } from 'vitest';
import { defineTask } from '../tasks/define-task.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { IDEMPOTENCY_TTL_MS } from './idempotency-rule.ts';

class OrderParams {
  @Id({ optional: true }) user_id?: number | null;
  @Id({ optional: true }) tenant_id?: number | null;
  @Text(50) item!: string;
}
class PinParams {
  @Sensitive() @Text(8) pin!: string;
}

const order = (scope: 'global' | 'user' | 'tenant') =>
  defineTask({
    name: 'order',
    queue: 'default',
    params: OrderParams,
    idempotency: { scope, category: 'mutation' },
  });
const key = (scope: 'global' | 'user' | 'tenant', params: OrderParams) =>
  idempotencyKeyOf(order(scope), params, undefined);

describe('idempotencyKeyOf', () => {
  it('is the same for the same work, however its parameters are written', () => {
    expect(key('global', { item: 'x', user_id: 1 })).toMatch(/^[0-9a-f]{64}$/);
    expect(key('global', { item: 'x', user_id: 1 })).toBe(key('global', { user_id: 1, item: 'x' }));
    expect(key('global', { item: 'x' })).not.toBe(key('global', { item: 'y' }));
  });

  it('keeps tasks, scopes, users and tenants apart', () => {
    const params = { item: 'x', user_id: 1, tenant_id: 1 };
    const other = defineTask({ ...order('user'), name: 'other' });
    const keys = [
      key('global', params),
      key('user', params),
      key('tenant', params),
      idempotencyKeyOf(other, params, undefined),
      key('user', { ...params, user_id: 2 }),
      key('tenant', { ...params, tenant_id: 2 }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('keeps users apart also where the rule names the part that counts', () => {
    const task = defineTask({
      ...order('user'),
      idempotency: { scope: 'user', category: 'default', key: ({ item }: OrderParams) => item },
    });
    const ofUser = (user_id: number, tenant_id: number) =>
      idempotencyKeyOf(task, { item: 'x', user_id, tenant_id }, undefined);
    expect(ofUser(1, 1)).toBe(ofUser(1, 2));
    expect(ofUser(1, 1)).not.toBe(ofUser(2, 1));
  });

  it.each(['user', 'tenant'] as const)('refuses work of a %s that names none', (scope) => {
    for (const params of [{ item: 'x' }, { item: 'x', [`${scope}_id`]: null }]) {
      expect(() => key(scope, params)).toThrow(
        expect.objectContaining({
          code: 'TASK_PARAMS_INVALID',
          problems: [{ field: `${scope}_id`, reason: expect.stringContaining('is missing') as string }],
        }),
      );
    }
  });

  it('is another one for each run of a schedule, and the same for each job of one run', () => {
    const scheduled = (runId?: string) => idempotencyKeyOf(order('global'), { item: 'x' }, undefined, runId);
    expect(scheduled('1')).toBe(scheduled('1'));
    expect(new Set([scheduled('1'), scheduled('2'), scheduled()]).size).toBe(3);
  });

  it('is keyed when parameters are sensitive', () => {
    const task = defineTask({
      name: 'pin',
      queue: 'default',
      params: PinParams,
      idempotency: { scope: 'global', category: 'default' },
    });
    const sealer = () =>
      new ValueSealer({ encryptionKeys: () => [randomBytes(32)], routingKey: () => randomBytes(32) });
    const [mine, theirs] = [sealer(), sealer()];
    expect(idempotencyKeyOf(task, { pin: '1234' }, mine)).toBe(idempotencyKeyOf(task, { pin: '1234' }, mine));
    expect(idempotencyKeyOf(task, { pin: '1234' }, mine)).not.toBe(
      idempotencyKeyOf(task, { pin: '1234' }, theirs),
    );
    expect(() => idempotencyKeyOf(task, { pin: '1234' }, undefined)).toThrow('no keys to seal');
  });

  it('does not exist for a task without a rule', () => {
    const task = defineTask({ name: 'plain', queue: 'default', params: OrderParams });
    expect(idempotencyKeyOf(task, { item: 'x' }, undefined)).toBeUndefined();
  });
});

describe('an idempotency rule', () => {
  it('takes the time of its category, and only what can work', () => {
    expect(order('user').idempotency).toEqual({
      scope: 'user',
      category: 'mutation',
      durable: false,
      ttlMs: IDEMPOTENCY_TTL_MS.mutation,
    });
    const hours = Object.values(IDEMPOTENCY_TTL_MS).map((ms) => ms / 3_600_000);
    expect(hours).toEqual([1, 4, 24, 2, 6, 12]);
    expect(() =>
      defineTask({
        name: 'pin',
        queue: 'default',
        params: PinParams,
        // @ts-expect-error The parameters have no user_id.
        idempotency: { scope: 'user', category: 'default' },
      }),
    ).toThrow("pin: scope 'user' needs the parameter user_id");
    for (const ttlMs of [0, -1, 0.5, NaN]) {
      expect(() =>
        defineTask({ ...order('global'), idempotency: { scope: 'global', category: 'email', ttlMs } }),
      ).toThrow(RangeError);
    }
  });
});
