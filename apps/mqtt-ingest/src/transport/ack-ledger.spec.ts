import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AckLedger } from './ack-ledger.ts';

let writes: Buffer[];
let stream: Writable;
let ledger: AckLedger;
const onLetGo = vi.fn<() => void>();

beforeEach(() => {
  writes = [];
  stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      writes.push(chunk);
      done();
    },
  });
  onLetGo.mockReset();
  ledger = new AckLedger(stream, onLetGo);
});

/** The packet ids of every PUBACK in what was written. */
function acknowledged(): number[] {
  const bytes = Buffer.concat(writes);
  const ids: number[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    expect([bytes[at], bytes[at + 1]]).toEqual([0x40, 2]);
    ids.push(bytes.readUInt16BE(at + 2));
  }
  return ids;
}

describe('AckLedger', () => {
  it('acknowledges nothing by itself', async () => {
    ledger.hold(1, 10);
    await nextTurn();
    expect(writes).toEqual([]);
    expect([ledger.held, ledger.heldBytes]).toEqual([1, 10]);
  });

  it('puts what is settled in one turn of the event loop into one write', async () => {
    const acks = [1, 2, 65_535].map((id) => ledger.hold(id, 1));
    for (const ack of acks) ack.settle();
    await nextTurn();
    expect(writes).toHaveLength(1);
    expect(acknowledged()).toEqual([1, 2, 65_535]);
    expect(ledger.held).toBe(0);
  });

  it('acknowledges in the order of arrival, whatever is finished first', async () => {
    const [first, second, third] = [7, 8, 9].map((id) => ledger.hold(id, 1));
    third?.settle();
    second?.settle();
    await nextTurn();
    expect(acknowledged()).toEqual([]);
    first?.settle();
    await nextTurn();
    expect(acknowledged()).toEqual([7, 8, 9]);
  });

  it('acknowledges once, however often a message is settled', async () => {
    const ack = ledger.hold(1, 5);
    ack.settle();
    ack.settle();
    ack.release();
    await nextTurn();
    expect(acknowledged()).toEqual([1]);
    expect([ledger.held, ledger.heldBytes, onLetGo.mock.calls.length]).toEqual([0, 0, 1]);
  });

  it('never acknowledges what was released, nor what came after it', async () => {
    const [first, second] = [1, 2].map((id) => ledger.hold(id, 1));
    first?.release();
    second?.settle();
    await nextTurn();
    expect(acknowledged()).toEqual([]);
  });

  it('counts messages without packet id, which need no acknowledgement', async () => {
    const ack = ledger.hold(undefined, 3);
    expect(ledger.heldBytes).toBe(3);
    ack.settle();
    await nextTurn();
    expect(writes).toEqual([]);
    expect(ledger.heldBytes).toBe(0);
  });

  it('writes nothing to a connection that has ended', async () => {
    const ack = ledger.hold(1, 1);
    stream.destroy();
    ack.settle();
    await nextTurn();
    expect(writes).toEqual([]);
  });

  it('lets go of messages that will be delivered again, but not of those that cannot be (QoS 0)', () => {
    const [qos1, qos0] = [ledger.hold(1, 1), ledger.hold(undefined, 1)];
    expect([qos1.isHeld, qos0.isHeld]).toEqual([true, true]);
    ledger.supersede();
    expect([qos1.isHeld, qos0.isHeld]).toEqual([false, true]);
  });

  it('works off any number of messages', async () => {
    const ids = Array.from({ length: 5_000 }, (_, index) => index + 1);
    const acks = ids.map((id) => ledger.hold(id, 1));
    for (const ack of acks.slice(0, 2_500)) ack.settle();
    ledger.flush();
    for (const ack of acks.slice(2_500)) ack.settle();
    await nextTurn();
    expect(acknowledged()).toEqual(ids);
  });
});
