import { RedisConnections, redisKeys } from '@bus/platform';
import { createRedisDatabase } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { ParkedJobs, countParkedJobs, readParking } from './parked-jobs.ts';

const QUEUE = 'external_api';
const SERVICE = 'vendor_api';

describe('ParkedJobs', () => {
  let connections: RedisConnections;
  let parked: ParkedJobs;

  beforeEach(async () => {
    connections = new RedisConnections({ REDIS_URL: await createRedisDatabase(inject('redisUrl')) });
    parked = new ParkedJobs(connections.commands);
  });
  afterEach(() => connections.closeAll());

  const jobs = redisKeys.parkedJobs(QUEUE, SERVICE);
  const release = redisKeys.parkedRelease(QUEUE, SERVICE);

  async function parkMany(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) await parked.park(QUEUE, `job-${index}`, SERVICE, 60_000);
    await settle();
  }
  /** As if everything in the set had been put there long ago. */
  async function settle(): Promise<void> {
    const members = await connections.commands.zrange(jobs, '0', '-1');
    for (const member of members) await connections.commands.zadd(jobs, 0, member);
  }
  const redisNow = async () => {
    const [seconds, micros] = await connections.commands.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  };
  const allowedAfter = (milliseconds: number) => 10 * (2 ** (Math.floor(milliseconds / 1_000) + 1) - 1);

  it('says why and until when a job is parked, and how many there are', async () => {
    expect(await parked.park(QUEUE, 'a', SERVICE, 60_000)).toBe(1);
    expect(await parked.park(QUEUE, 'b', SERVICE, 60_000)).toBe(2);
    expect(await parked.park(QUEUE, 'b', SERVICE, 60_000)).toBe(2);
    const parking = await readParking(connections.commands, QUEUE, 'a');
    expect(parking).toMatchObject({ service: SERVICE });
    expect(parking!.until.getTime() - parking!.parkedAt.getTime()).toBe(60_000);
    expect(await countParkedJobs(connections.commands, QUEUE)).toEqual([
      { queue: QUEUE, service: SERVICE, jobs: 2 },
    ]);
    await parked.forget(QUEUE, 'a');
    expect(await readParking(connections.commands, QUEUE, 'a')).toBeUndefined();
    expect(await countParkedJobs(connections.commands, QUEUE)).toMatchObject([{ jobs: 1 }]);
  });

  it('releases none that is still being moved', async () => {
    await parked.park(QUEUE, 'a', SERVICE, 60_000);
    await connections.commands.zadd(jobs, (await redisNow()) + 60_000, 'a');
    expect(await parked.take(QUEUE, SERVICE)).toEqual({ jobIds: [], left: 1 });
  });

  it('releases ten in the first second and twice as many in each further one, whoever takes them', async () => {
    await parkMany(400);
    const other = new ParkedJobs(connections.commands);
    const startedAt = await redisNow();
    expect((await parked.take(QUEUE, SERVICE)).jobIds).toHaveLength(10);
    await connections.commands.hset(release, 'started_at', startedAt);
    let taken = 10;
    for (const second of [1, 2, 3]) {
      await connections.commands.hset(release, 'started_at', startedAt - second * 1_000);
      const atLeast = allowedAfter((await redisNow()) - startedAt + second * 1_000);
      for (const taker of [parked, other]) taken += (await taker.take(QUEUE, SERVICE)).jobIds.length;
      const atMost = allowedAfter((await redisNow()) - startedAt + second * 1_000);
      expect(taken).toBeGreaterThanOrEqual(Math.min(400, atLeast));
      expect(taken).toBeLessThanOrEqual(atMost);
    }
  });

  it('gives every job to one taker', async () => {
    await parkMany(10);
    const takers = Array.from({ length: 5 }, () => parked.take(QUEUE, SERVICE));
    const ids = (await Promise.all(takers)).flatMap(({ jobIds }) => jobIds);
    expect(ids.toSorted()).toEqual(Array.from({ length: 10 }, (_, index) => `job-${index}`));
  });

  it('gives a job to another taker when the first died before it had released it', async () => {
    await parkMany(3);
    expect((await parked.take(QUEUE, SERVICE)).jobIds).toHaveLength(3);
    const claimedUntil = Number(await connections.commands.zscore(jobs, 'job-0'));
    expect(claimedUntil).toBeGreaterThan(await redisNow());
    await settle();
    await connections.commands.del(release);
    expect((await parked.take(QUEUE, SERVICE)).jobIds).toHaveLength(3);
  });

  it('leaves nothing behind when the last job has gone', async () => {
    await parkMany(2);
    await parked.take(QUEUE, SERVICE);
    await parked.forget(QUEUE, 'job-0');
    await parked.drop(QUEUE, SERVICE, 'job-1');
    expect(await parked.take(QUEUE, SERVICE)).toEqual({ jobIds: [], left: 0 });
    expect(await connections.commands.keys('*')).toEqual([]);
  });
});
