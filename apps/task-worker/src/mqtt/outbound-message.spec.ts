import { describe, expect, it } from 'vitest';
import { outboundMessage } from './outbound-message.ts';

const TIME = '2026-01-01T00:00:00.000Z';
const COMMAND = { command_id: 9, name: 'reboot', params: {}, issued_at: TIME, expires_at: TIME };

describe('outboundMessage', () => {
  it.each([
    ['downlink/gate-7/command', COMMAND],
    ['downlink/gate-7/ack', { message_id: 'm-1', topic: 'alert/fire/gate-7', stored_at: TIME }],
    ['downlink/gate-7/error', { topic: 'alert/fire/gate-7', code: 'json', reason: 'no JSON' }],
  ])('takes what the platform writes to %s', (topic, payload) => {
    const message = outboundMessage({ topic, payload });
    expect(JSON.parse(message.bytes.toString())).toEqual(payload);
    expect(message.definition.direction).toBe('downlink');
  });

  it.each([
    ['a topic devices write', 'device/gate-7/telemetry', /devices write this topic/],
    ['a wildcard for one level', 'downlink/+/command', /letters, digits/],
    ['a wildcard for the rest', 'downlink/gate-7/#', /no topic of this platform/],
    ['a wildcard in the middle', 'downlink/#/command', /letters, digits/],
    ['a NUL', 'downlink/gate\0-7/command', /letters, digits/],
    ['a line end', 'downlink/gate-7\n/command', /letters, digits/],
    ['an empty level', 'downlink//command', /letters, digits/],
    ['more levels', 'downlink/gate-7/command/now', /no topic of this platform/],
    ['a topic of the broker', '$SYS/broker/uptime', /no topic of this platform/],
    ['a long one', `downlink/${'x'.repeat(300)}/command`, /at most 256 characters/],
  ])('refuses %s for good', (_case, topic, why) => {
    const refuse = () => outboundMessage({ topic, payload: COMMAND });
    expect(refuse).toThrow(why);
    expect(refuse).toThrow(expect.objectContaining({ code: 'MQTT_TOPIC_NOT_ALLOWED', isRetryable: false }));
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'reboot'],
    ['a list', [COMMAND]],
    ['a command without a name', { ...COMMAND, name: undefined }],
    ['a time of another form', { ...COMMAND, expires_at: 'tomorrow' }],
    ['names that reach into prototypes', JSON.parse('{"__proto__":{"isAdmin":true}}')],
  ])('refuses %s as payload for good, naming fields and no values', (_case, payload) => {
    expect(() => outboundMessage({ topic: 'downlink/gate-7/command', payload })).toThrow(
      expect.objectContaining({ code: 'MQTT_PAYLOAD_INVALID', isRetryable: false }),
    );
  });

  it('refuses a payload beyond the limit of its topic', () => {
    const params = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`p${index}`, 'x'.repeat(16_000)]),
    );
    expect(() =>
      outboundMessage({ topic: 'downlink/gate-7/command', payload: { ...COMMAND, params } }),
    ).toThrow(/at most 262144 are allowed/);
  });
});
