import { describe, expect, it } from 'vitest';
import { parseRedisUrl, redisUrlProblem } from './redis-url.ts';

describe('parseRedisUrl', () => {
  it.each([
    [
      'redis://localhost',
      { kind: 'standalone', tls: false, hosts: [{ host: 'localhost', port: 6379 }], db: 0 },
    ],
    [
      'rediss://app:p%40ss@redis.internal:6380/2',
      {
        kind: 'standalone',
        tls: true,
        hosts: [{ host: 'redis.internal', port: 6380 }],
        username: 'app',
        password: 'p@ss',
        db: 2,
      },
    ],
    [
      'redis://:a/b+c=@host',
      { kind: 'standalone', tls: false, hosts: [{ host: 'host', port: 6379 }], password: 'a/b+c=', db: 0 },
    ],
    ['redis://[::1]:7000', { kind: 'standalone', tls: false, hosts: [{ host: '::1', port: 7000 }], db: 0 }],
    [
      'redis-sentinel://u:p@a:1,b:2,c/mymaster/3?sentinelPassword=sp',
      {
        kind: 'sentinel',
        tls: false,
        hosts: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
          { host: 'c', port: 26_379 },
        ],
        username: 'u',
        password: 'p',
        masterName: 'mymaster',
        sentinelPassword: 'sp',
        db: 3,
      },
    ],
    [
      'rediss-cluster://n1:7001,n2:7002',
      {
        kind: 'cluster',
        tls: true,
        hosts: [
          { host: 'n1', port: 7001 },
          { host: 'n2', port: 7002 },
        ],
        db: 0,
      },
    ],
  ])('reads %s', (url, target) => {
    expect(parseRedisUrl(url)).toEqual(target);
  });

  it.each([
    ['', /must begin with/],
    ['http://host', /must begin with/],
    ['redis://', /must begin with/],
    ['redis://a,b', /one host only/],
    ['redis://host:99999', /port outside/],
    ['redis://host:x', /host:port/],
    ['redis://host/canary', /by number/],
    ['redis://u:%zz@host', /stray %/],
    ['redis-sentinel://a', /name of the master/],
    ['redis-cluster://a/1', /only 0/],
  ])('says what is wrong with "%s"', (url, reason) => {
    expect(redisUrlProblem(url)).toMatch(reason);
  });

  it('never repeats the URL', () => {
    for (const url of ['canary', 'redis://u:canary@a,b', 'redis://u:canary%zz@h', 'redis://canary:99999']) {
      expect(redisUrlProblem(url)).toBeDefined();
      expect(redisUrlProblem(url)).not.toContain('canary');
    }
  });
});
