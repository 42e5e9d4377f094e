import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo, Socket as NetSocket } from 'node:net';
import type { EventEnvelope, EventType } from '@bus/payload-schemas';
import { waitFor } from '@bus/testing';
import { Server, type Socket } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestBrowser } from '../fixtures/test-browser.fixture.ts';
import { OutboundBuffer, type OutboundLimits } from './outbound-buffer.ts';

/** More than the kernel takes for a browser that does not read, so that what is written must wait here. */
const FILLER = 'x'.repeat(8 * 1024 * 1024);
const ROOMY: OutboundLimits = {
  softEvents: 8,
  softBytes: 1_000_000,
  hardEvents: 1_000,
  hardBytes: 64 * 1024 * 1024,
};

let httpServer: HttpServer;
let io: Server;
let browser: TestBrowser;
let offset = 0;

beforeEach(async () => {
  httpServer = createServer();
  io = new Server(httpServer, { transports: ['websocket'], perMessageDeflate: false });
  await new Promise<void>((resolve) => httpServer.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  // A browser that does not read would not notice a polite goodbye either.
  transportOf().destroy();
  await io.close();
});

interface Watched {
  readonly socket: Socket;
  readonly buffer: OutboundBuffer;
  readonly conflated: string[];
  readonly overflows: { events: number; bytes: number }[];
}

async function connect(limits: OutboundLimits): Promise<Watched> {
  const connected = new Promise<Watched>((resolve) => {
    io.once('connection', (socket) => {
      const conflated: string[] = [];
      const overflows: { events: number; bytes: number }[] = [];
      const buffer = new OutboundBuffer(socket, limits, {
        sent: () => undefined,
        conflated: (event) => conflated.push(event),
        overflowed: (waiting) => overflows.push(waiting),
      });
      void socket.join('room');
      resolve({ socket, buffer, conflated, overflows });
    });
  });
  browser = new TestBrowser(`http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`);
  return connected;
}

function transportOf(): NetSocket {
  const { transport } = browser.socket.io.engine as unknown as { transport: { ws: { _socket: NetSocket } } };
  return transport.ws._socket;
}

function broadcast(type: EventType, fields: Partial<EventEnvelope> = {}): void {
  const envelope: EventEnvelope = {
    type,
    data: {},
    priority: 'normal',
    timestamp: '2026-01-01T00:00:00.000Z',
    group: 'room',
    epoch: 'e',
    offset: String((offset += 1)),
    ...fields,
  };
  io.local.to('room').emit(type, envelope);
}

const progress = (percent: number, task = 'training'): void =>
  broadcast('task_progress', { task_id: task, data: { percent } });

/** Stops reading, and waits until something has to wait at the server. */
async function stall({ socket, buffer }: Watched): Promise<void> {
  transportOf().pause();
  socket.emit('filler', FILLER);
  socket.emit('filler', 'waits behind the first');
  await waitFor(() => buffer.waiting.events > 0 && buffer.waiting.bytes > ROOMY.softBytes);
}

describe('a browser that keeps up', () => {
  it('gets every single event, also those of which only the latest matters', async () => {
    await connect(ROOMY);
    for (let percent = 1; percent <= 5; percent += 1) progress(percent);
    await browser.event('task_progress', ({ data }) => data.percent === 5);
    expect(browser.of('task_progress').map(({ data }) => data.percent)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('a slow browser', () => {
  it('gets only the newest progress of each task, and every alert', async () => {
    const watched = await connect(ROOMY);
    await stall(watched);
    for (let percent = 1; percent <= 50; percent += 1) {
      progress(percent, 'a');
      progress(percent, 'b');
    }
    for (let alert = 1; alert <= 20; alert += 1) {
      broadcast('critical_alert', { priority: 'critical', group: 'other', data: { alert } });
    }
    expect(watched.conflated).toHaveLength(98);
    transportOf().resume();
    await waitFor(() => browser.of('task_progress').length >= 2 && browser.of('critical_alert').length >= 20);
    expect(browser.of('task_progress').map(({ task_id, data }) => [task_id, data.percent])).toEqual([
      ['a', 50],
      ['b', 50],
    ]);
    expect(browser.of('critical_alert').map(({ data }) => data.alert)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    expect(watched.overflows).toEqual([]);
  });

  it('gets the events of one group in their order', async () => {
    const watched = await connect(ROOMY);
    await stall(watched);
    progress(10);
    progress(20);
    broadcast('task_complete', { task_id: 'training' });
    progress(1, 'next');
    transportOf().resume();
    await browser.event('task_progress', ({ task_id }) => task_id === 'next');
    const order = browser.received
      .filter(({ event }) => event.startsWith('task_'))
      .map(({ body }) => Number(body.offset));
    expect(order).toEqual([...order].toSorted((a, b) => a - b));
    expect(order).toHaveLength(3);
  });

  it('never has a critical event replaced, whatever its type', async () => {
    const watched = await connect(ROOMY);
    await stall(watched);
    for (let step = 1; step <= 10; step += 1) {
      broadcast('device_status', { priority: 'critical', data: { device_id: 1, step } });
    }
    expect(watched.conflated).toEqual([]);
    transportOf().resume();
    await waitFor(() => browser.of('device_status').length === 10);
  });

  it('is cut off at the bound, and nothing is dropped before that', async () => {
    const watched = await connect({ ...ROOMY, hardEvents: 30 });
    await stall(watched);
    let written = 0;
    while (watched.overflows.length === 0) {
      broadcast('critical_alert', { priority: 'critical', data: { number: (written += 1) } });
      expect(written).toBeLessThan(100);
    }
    expect(watched.buffer.isCutOff).toBe(true);
    expect(watched.overflows).toHaveLength(1);
    expect(watched.overflows[0]!.events).toBe(30);
    broadcast('critical_alert', { priority: 'critical' });
    expect(watched.overflows).toHaveLength(1);
    transportOf().resume();
    await waitFor(() => browser.of('critical_alert').length === written - 1);
  });

  it('is cut off by bytes too', async () => {
    const watched = await connect({ ...ROOMY, hardBytes: FILLER.length + 100_000 });
    await stall(watched);
    broadcast('alert_notification', { data: { text: 'y'.repeat(50_000) } });
    expect(watched.overflows).toEqual([]);
    broadcast('alert_notification', { data: { text: 'y'.repeat(60_000) } });
    expect(watched.overflows).toHaveLength(1);
  });

  it('does not hold more kinds of latest-only events than it may', async () => {
    const watched = await connect(ROOMY);
    await stall(watched);
    for (let device = 1; device <= 600; device += 1)
      broadcast('device_status', { data: { device_id: device } });
    expect(watched.conflated).toHaveLength(100);
    transportOf().resume();
    await waitFor(() => browser.of('device_status').length === 500);
  });
});

describe('a browser that catches up', () => {
  it('may get more at once than the bound, and is held to the bound again afterwards', async () => {
    const watched = await connect({ ...ROOMY, hardEvents: 30 });
    await watched.buffer.whileCatchingUp(async () => {
      for (let event = 1; event <= 200; event += 1) broadcast('alert_notification', { data: { event } });
    });
    broadcast('alert_notification', { data: { event: 201 } });
    expect(watched.overflows).toEqual([]);
    await waitFor(() => browser.of('alert_notification').length === 201);
    await waitFor(() => watched.buffer.waiting.events === 0);

    await stall(watched);
    for (let event = 1; event <= 40; event += 1) broadcast('alert_notification', { data: { event } });
    expect(watched.overflows).toHaveLength(1);
  });
});
