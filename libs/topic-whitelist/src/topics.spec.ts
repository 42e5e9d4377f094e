import { SAMPLE_MESSAGES, validatePayload } from '@bus/payload-schemas';
import { describe, expect, it } from 'vitest';
import { downlinkTopic } from './downlink-topic.ts';
import {
  ALL_TOPICS,
  DOWNLINK_TOPICS,
  INBOUND_ROOTS,
  INBOUND_TOPICS,
  MAX_TOPIC_BYTES,
  topicFilter,
} from './topics.ts';

describe('the topic catalog', () => {
  it('holds the fleet topics with their tasks', () => {
    expect(
      INBOUND_TOPICS.map(({ template, qos, taskName, queue, priority }) => [
        template,
        qos,
        taskName,
        queue,
        priority,
      ]),
    ).toEqual([
      ['device/{deviceId}/telemetry', 1, 'process_device_telemetry', 'external_api', 5],
      ['guard/{guardId}/gps', 1, 'process_guard_gps', 'high_priority', 8],
      ['sensor/{sensorId}/status', 1, 'process_sensor_data', 'external_api', 6],
      ['alert/{alertType}/{sourceId}', 2, 'process_device_alert', 'critical', 10],
      ['system/health/{systemId}', 0, 'process_system_health', 'maintenance', 2],
      ['device/{deviceId}/command-reply', 1, 'process_command_reply', 'high_priority', 8],
    ]);
    expect(DOWNLINK_TOPICS.map(({ template, qos }) => [template, qos])).toEqual([
      ['downlink/{sourceId}/command', 1],
      ['downlink/{sourceId}/ack', 1],
      ['downlink/{sourceId}/error', 1],
    ]);
  });

  it.each(ALL_TOPICS.map((topic) => [topic.name, topic] as const))('%s is consistent', (_name, topic) => {
    expect(topic.template).toContain(`{${topic.sourceParam}}`);
    expect(topic.maxBytes).toBeGreaterThan(0);
    expect(topic.maxBytes).toBeLessThanOrEqual(MAX_TOPIC_BYTES);
    const sample = SAMPLE_MESSAGES.find(([target]) => target === topic.payload)?.[1];
    expect(validatePayload(topic.payload, sample)).toMatchObject({ ok: true });
  });

  it('has no two topics with the same filter, and no filter beside the subscribed roots', () => {
    const filters = ALL_TOPICS.map(topicFilter);
    expect(new Set(filters).size).toBe(filters.length);
    const roots = INBOUND_ROOTS.map((root) => root.slice(0, -1));
    const beside = INBOUND_TOPICS.filter(
      (topic) => !roots.some((root) => topicFilter(topic).startsWith(root)),
    );
    expect(beside).toEqual([]);
  });
});

describe('downlinkTopic', () => {
  it('names a device’s topic', () => {
    expect(downlinkTopic('d-1', 'ack')).toBe('downlink/d-1/ack');
  });

  it.each(['', '+', '#', 'a/b', 'a b', 'x'.repeat(65), 'a\0'])('refuses %j', (sourceId) => {
    expect(() => downlinkTopic(sourceId, 'error')).toThrow(RangeError);
  });
});
