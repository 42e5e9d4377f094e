import { describe, expect, it } from 'vitest';
import { encodePuback } from './encode-puback.ts';
import { topicProblem } from './mqtt-publisher.ts';

describe('topicProblem', () => {
  it.each(['downlink/d-1/ack', 'a', 'ä/ö'])('accepts %s', (topic) => {
    expect(topicProblem(topic)).toBeUndefined();
  });

  it.each([
    ['', /empty/],
    ['downlink/+/ack', /wildcard/],
    ['downlink/#', /wildcard/],
    ['downlink/a\0b', /NUL/],
    ['/downlink', /empty segment/],
    ['downlink//ack', /empty segment/],
    ['downlink/', /empty segment/],
    ['$SYS/broker', /belong to the broker/],
    ['$share/g/t', /belong to the broker/],
    ['a/\ud800', /Unicode/],
    ['x'.repeat(65_536), /longer/],
  ])('refuses %j', (topic, reason) => {
    expect(topicProblem(topic)).toMatch(reason);
  });
});

describe('encodePuback', () => {
  it('encodes success in four bytes and a failure with its reason', () => {
    expect([...encodePuback(0x1234)]).toEqual([0x40, 2, 0x12, 0x34]);
    expect([...encodePuback(1, 0x87)]).toEqual([0x40, 3, 0, 1, 0x87]);
  });
});
