import { describe, expect, it } from 'vitest';
import { redisKeys } from './redis-keys.ts';

/** One example per family, with arguments that try to break out of it. */
const NASTY = 'a}b{c:d e';
const EXAMPLES: Record<keyof typeof redisKeys, string> = {
  queuePrefix: redisKeys.queuePrefix(NASTY),
  queueLineage: redisKeys.queueLineage(NASTY),
  queueRaisedJobs: redisKeys.queueRaisedJobs(NASTY),
  queueAgeingLease: redisKeys.queueAgeingLease(NASTY),
  circuitBreaker: redisKeys.circuitBreaker(NASTY),
  circuitServices: redisKeys.circuitServices,
  circuitChannel: redisKeys.circuitChannel,
  parkedJobs: redisKeys.parkedJobs(NASTY, NASTY),
  parkedReasons: redisKeys.parkedReasons(NASTY),
  parkedServices: redisKeys.parkedServices(NASTY),
  parkedRelease: redisKeys.parkedRelease(NASTY, NASTY),
  jobCancellation: redisKeys.jobCancellation(NASTY, NASTY),
  cancelChannel: redisKeys.cancelChannel(NASTY),
  groupHistory: redisKeys.groupHistory(NASTY),
  groupMeta: redisKeys.groupMeta(NASTY),
  groupSeenEvent: redisKeys.groupSeenEvent(NASTY, NASTY),
  groupChannel: redisKeys.groupChannel(NASTY),
  groupChannelPattern: redisKeys.groupChannelPattern,
  adapterChannel: redisKeys.adapterChannel,
  session: redisKeys.session(NASTY),
  userSessions: redisKeys.userSessions(7),
  userTokensValidFrom: redisKeys.userTokensValidFrom(7),
  revokedToken: redisKeys.revokedToken(NASTY),
  revocationChannel: redisKeys.revocationChannel,
  throttle: redisKeys.throttle(NASTY, NASTY),
  connections: redisKeys.connections(NASTY, NASTY),
  idempotencyRecord: redisKeys.idempotencyRecord(NASTY),
  ingestSlot: redisKeys.ingestSlot(0),
  metrics: redisKeys.metrics,
};

/** What Redis Cluster hashes to find the slot of a key. */
const hashTag = (key: string) => /\{([^}]+)\}/.exec(key)?.[1];

/** A single key, or no key at all but a pub/sub channel: nothing to keep together. */
const WITHOUT_TAG = [
  'metrics',
  'adapterChannel',
  'revocationChannel',
  'circuitBreaker',
  'circuitServices',
  'circuitChannel',
];

describe('redisKeys', () => {
  it.each(Object.entries(EXAMPLES))('%s begins with bus: and has exactly one hash tag', (family, key) => {
    // The name the circuits have had since before this bus.
    expect(key).toMatch(family === 'circuitBreaker' ? /^circuit_breaker:/ : /^bus:/);
    expect(key).not.toMatch(/\s/);
    const tags = key.match(/\{[^{}]+\}/g) ?? [];
    const braces = key.match(/[{}]/g) ?? [];
    const expected = WITHOUT_TAG.includes(family) ? 0 : 1;
    expect(tags).toHaveLength(expected);
    expect(braces).toHaveLength(expected * 2);
  });

  it('keeps what belongs together under one hash tag, and so in one slot', () => {
    const together = [
      [redisKeys.groupHistory('t'), redisKeys.groupMeta('t'), redisKeys.groupSeenEvent('t', 'e')],
      [redisKeys.userSessions(7), redisKeys.userTokensValidFrom(7)],
      [
        `${redisKeys.queuePrefix('critical')}:critical:wait`,
        `${redisKeys.queuePrefix('critical')}:critical:meta`,
        redisKeys.queueLineage('critical'),
        redisKeys.parkedJobs('critical', 'smtp'),
        redisKeys.parkedReasons('critical'),
        redisKeys.parkedServices('critical'),
        redisKeys.parkedRelease('critical', 'smtp'),
        redisKeys.jobCancellation('critical', 'job-1'),
      ],
    ];
    for (const keys of together) expect(new Set(keys.map(hashTag)).size).toBe(1);
  });

  it('gives different subjects different keys', () => {
    expect(redisKeys.throttle('a:b', 'c')).not.toBe(redisKeys.throttle('a', 'b:c'));
    expect(redisKeys.session('a:b')).not.toBe(redisKeys.session('a%3ab'));
  });
});
