import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkMessage } from './check-message.ts';
import type { ReceivedMessage } from './check-message.ts';
import { UNDATED_ALERT_WINDOW_MS } from './message-id.ts';

const MIB = 1024 * 1024;
const RECEIVED_AT = new Date('2026-01-02T03:04:05.000Z');
const TELEMETRY = { battery: 5, timestamp: '2026-01-02T03:04:00Z' };

function received(topic: string, payload: unknown, messageIdProperty?: unknown): ReceivedMessage {
  const bytes = Buffer.isBuffer(payload)
    ? payload
    : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return { topic, payload: bytes, messageIdProperty, receivedAt: RECEIVED_AT };
}

function refusalOf(message: ReceivedMessage, maxBytes = MIB) {
  const check = checkMessage(message, maxBytes);
  if (check.ok) throw new Error('the message was not refused');
  return check.refusal;
}

function checkedOf(message: ReceivedMessage) {
  const check = checkMessage(message, MIB);
  if (!check.ok) throw new Error(`refused: ${check.refusal.reason}`);
  return check.message;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the order of the checks', () => {
  it('topic, size, encoding, JSON, schema: the first that fails decides', () => {
    const everythingWrong = Buffer.concat([Buffer.alloc(MIB, 'x'), Buffer.from([0xff])]);
    expect(refusalOf(received('device/d-1/firmware', everythingWrong)).code).toBe('unknown_topic');
    expect(refusalOf(received('device/d 1/telemetry', everythingWrong)).code).toBe('bad_segment');
    expect(refusalOf(received('device/d-1/telemetry', everythingWrong)).code).toBe('size');
    expect(refusalOf(received('device/d-1/telemetry', Buffer.from([0x7b, 0xff]))).code).toBe('encoding');
    expect(refusalOf(received('device/d-1/telemetry', '{"battery":')).code).toBe('json');
    expect(refusalOf(received('device/d-1/telemetry', '{"battery":500}')).code).toBe('schema');
  });
});

describe('what is refused, and why', () => {
  it.each([
    ['device/d-1/telemetry', Buffer.from([0xff, 0xfe]), 'encoding', 'the payload must be UTF-8 text'],
    ['device/d-1/telemetry', Buffer.from([0xc0, 0x80]), 'encoding', 'the payload must be UTF-8 text'],
    ['device/d-1/telemetry', Buffer.from([0xed, 0xa0, 0x80]), 'encoding', 'the payload must be UTF-8 text'],
    ['device/d-1/telemetry', '', 'json', 'the payload must be JSON'],
    ['device/d-1/telemetry', 'battery=5', 'json', 'the payload must be JSON'],
    ['device/d-1/telemetry', "{'battery':5}", 'json', 'the payload must be JSON'],
    ['device/d-1/telemetry', '{"battery":NaN}', 'json', 'the payload must be JSON'],
    ['device/d-1/telemetry', '{}{}', 'json', 'the payload must be JSON'],
    ['device/d-1/telemetry', 'null', 'schema', 'the payload must be a JSON object'],
    ['device/d-1/telemetry', '[]', 'schema', 'the payload must be a JSON object'],
    ['device/d-1/telemetry', '"{}"', 'schema', 'the payload must be a JSON object'],
    ['alert/fire/s-1', '[]', 'schema', 'the payload must be a JSON object'],
    ['alert/fire/s-1', 'help', 'json', 'the payload must be JSON'],
    ['downlink/d-1/command', '{}', 'unknown_topic', 'devices do not write this topic'],
  ])('%s %j: %s', (topic, payload, code, reason) => {
    expect(refusalOf(received(topic, payload))).toMatchObject({ code, reason });
  });

  it('names every field that is wrong', () => {
    const { reason } = refusalOf(received('guard/g-1/gps', { lat: 91, lon: 'x', timestamp: 1 }));
    expect(reason).toBe(
      'lat must be a number from -90 to 90 (degrees), not 91; lon must be a number from -180 to 180 (degrees), not a text of 1 characters',
    );
  });

  it('tells field names that reach into prototypes apart', () => {
    const payload = '{"battery":5,"timestamp":1,"__proto__":{"isAdmin":true}}';
    expect(refusalOf(received('device/d-1/telemetry', payload)).code).toBe('injection');
  });

  it('says how large a payload may be, by the lower of the limits of topic and process', () => {
    const telemetry = { ...TELEMETRY, note: 'x'.repeat(70_000) };
    expect(refusalOf(received('device/d-1/telemetry', telemetry)).reason).toMatch(
      /^the payload must be at most 65536 bytes, not 70\d{3}$/,
    );
    expect(refusalOf(received('device/d-1/telemetry', TELEMETRY), 10).reason).toMatch(
      /^the payload must be at most 10 bytes/,
    );
    expect(checkMessage(received('alert/fire/s-1', { message: 'x'.repeat(MIB - 14) }), MIB).ok).toBe(true);
    expect(refusalOf(received('alert/fire/s-1', { message: 'x'.repeat(MIB - 13) })).code).toBe('size');
  });

  it('knows whom to tell even when the topic is wrong', () => {
    expect(refusalOf(received('device/d-1/firmware', '{}')).sourceId).toBe('d-1');
    expect(refusalOf(received('device/d 1/telemetry', '{}')).sourceId).toBeNull();
    expect(refusalOf(received('downlink/d-1/ack', '{}')).sourceId).toBeNull();
  });

  it('gives the message id as soon as it is known', () => {
    expect(refusalOf(received('device/d-1/telemetry', '{', 'm-1')).messageId).toBeNull();
    expect(refusalOf(received('device/d-1/telemetry', { id: 'm-1' })).messageId).toBe('m-1');
  });
});

describe('the message id', () => {
  it('is the user property, else the field id, else the hash of topic and payload', () => {
    const payload = { ...TELEMETRY, id: 'from-payload' };
    const topic = 'device/d-1/telemetry';
    expect(checkedOf(received(topic, payload, 'from-property')).messageId).toBe('from-property');
    expect(checkedOf(received(topic, payload)).messageId).toBe('from-payload');
    expect(checkedOf(received(topic, { ...TELEMETRY, id: 42 })).messageId).toBe('42');
    expect(checkedOf(received(topic, TELEMETRY)).messageId).toBe(sha256(topic + JSON.stringify(TELEMETRY)));
  });

  it('is never the name of the sender, which would make every message but the first a duplicate', () => {
    const payload = { ...TELEMETRY, id: 'd-1' };
    expect(checkedOf(received('device/d-1/telemetry', payload)).messageId).toMatch(/^[0-9a-f]{64}$/);
    expect(checkedOf(received('device/d-2/telemetry', payload)).messageId).toBe('d-1');
  });

  it.each([[''], ['x'.repeat(129)], ['a\0b'], [['a', 'b']], [{}], [true], [1.5]])(
    'refuses %j as an id',
    (id) => {
      expect(refusalOf(received('device/d-1/telemetry', TELEMETRY, id))).toMatchObject({ code: 'schema' });
      expect(refusalOf(received('device/d-1/telemetry', { ...TELEMETRY, id }))).toMatchObject({
        code: 'schema',
      });
    },
  );

  it('of an alert falls back on the hash when the given one cannot be used', () => {
    const payload = { id: 'x'.repeat(129), timestamp: 1_767_323_045 };
    expect(checkedOf(received('alert/fire/s-1', payload)).messageId).toBe(
      sha256(`alert/fire/s-1${JSON.stringify(payload)}`),
    );
  });

  it('of an alert without id and time changes after a while, so that a second press of a button is no duplicate of the first', () => {
    const press = received('alert/panic/s-1', { severity: 'critical' });
    const idAt = (afterMs: number): string =>
      checkedOf({ ...press, receivedAt: new Date(RECEIVED_AT.getTime() + afterMs) }).messageId;
    expect(idAt(0)).toMatch(/^[0-9a-f]{64}-\d+$/);
    expect(idAt(1_000)).toBe(idAt(0));
    expect(idAt(UNDATED_ALERT_WINDOW_MS)).not.toBe(idAt(0));
  });
});

describe('what passes', () => {
  it('carries what every handler needs', () => {
    expect(
      checkedOf(received('device/d-1/telemetry', { ...TELEMETRY, firmware: '1.2' }, 'm-1')),
    ).toMatchObject({
      sourceId: 'd-1',
      params: { deviceId: 'd-1' },
      messageId: 'm-1',
      deviceTime: new Date('2026-01-02T03:04:00Z'),
      clockSuspect: false,
      payload: { battery: 5, firmware: '1.2' },
    });
  });

  it.each([
    ['device/d-1/telemetry', { battery: 5, timestamp: '2099-01-01T00:00:00Z' }, true],
    ['device/d-1/telemetry', { battery: 5, timestamp: 0 }, true],
    ['device/d-1/telemetry', { battery: 5, timestamp: 1_767_323_045 }, false],
    ['device/d-1/command-reply', { command_id: 1, status: 'received' }, false],
    ['alert/fire/s-1', {}, false],
    ['alert/fire/s-1', { timestamp: 'soon' }, true],
  ])('%s %j: clock suspect %s', (topic, payload, suspect) => {
    expect(checkedOf(received(topic, payload)).clockSuspect).toBe(suspect);
  });

  it('accepts an alert whatever its fields are', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (payload) => {
        expect(checkMessage(received('alert/fire/s-1', payload), MIB).ok).toBe(true);
      }),
    );
  });
});

it('never throws, whatever comes in', () => {
  const topic = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('device/d-1/telemetry', 'alert/fire/s-1', 'guard/g-1/gps', 'system/health/e-1'),
  );
  const payload = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(topic, payload, fc.anything(), (name, bytes, id) => {
      const check = checkMessage(
        { topic: name, payload: Buffer.from(bytes), messageIdProperty: id, receivedAt: RECEIVED_AT },
        MIB,
      );
      expect(typeof check.ok).toBe('boolean');
    }),
    { numRuns: 500 },
  );
});
