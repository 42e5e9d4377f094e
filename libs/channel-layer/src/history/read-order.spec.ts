import { describe, expect, it } from 'vitest';
import { ReadOrder } from './read-order.ts';

describe('ReadOrder', () => {
  it('takes frames whose times are a little out of order, as with several senders', () => {
    const order = new ReadOrder(1_000);
    expect([order.accept(1, 11, 5_000), order.accept(2, 12, 4_100), order.accept(3, 13, 5_001)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('refuses a frame that was sealed long before its predecessor', () => {
    const order = new ReadOrder(1_000);
    expect([order.accept(1, 11, 5_000), order.accept(2, 12, 3_999), order.accept(3, 13, 5_000)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('refuses a second place for a frame, but not a second look at it', () => {
    const order = new ReadOrder();
    expect([order.accept(1, 11, 0), order.accept(1, 11, 0), order.accept(2, 11, 0)]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
