/** The steps that keep a queue's parked jobs. All keys carry the queue's hash tag. Times are milliseconds by the clock of Redis. */

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** Remembers a job as parked and answers how many the service has by now. It may be released once it has settled. */
export const PARK = `
local parked, reasons, services = KEYS[1], KEYS[2], KEYS[3]
local jobId, service, retryAfterMs, settleMs = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
${NOW}
redis.call('ZADD', parked, now + settleMs, jobId)
redis.call('HSET', reasons, jobId, cjson.encode({
  service = service, parked_at = now, until_at = now + math.floor(retryAfterMs),
}))
redis.call('SADD', services, service)
return redis.call('ZCARD', parked)
`;

/**
 * Takes as many jobs as the ramp allows by now: so many in the first second, twice as many in each one after it. All workers share
 * the ramp. A job that is taken stays remembered; if its taker dies, another one may take it when the claim is over.
 *
 * Answers how many are left, then the taken ones.
 */
export const TAKE = `
local parked, release, services = KEYS[1], KEYS[2], KEYS[3]
local service, firstSecond, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local claimMs, pauseMs = tonumber(ARGV[4]), tonumber(ARGV[5])
${NOW}
local left = redis.call('ZCARD', parked)
if left == 0 then
  redis.call('DEL', release)
  redis.call('SREM', services, service)
  return {0}
end
local progress = redis.call('HMGET', release, 'started_at', 'taken')
local startedAt, taken = tonumber(progress[1]) or now, tonumber(progress[2]) or 0
local second = math.min(30, math.floor((now - startedAt) / 1000))
local allowed = firstSecond * (2 ^ (second + 1) - 1) - taken
local jobs = redis.call('ZRANGE', parked, '-inf', now, 'BYSCORE', 'LIMIT', 0, math.max(0, math.min(allowed, most)))
for _, jobId in ipairs(jobs) do redis.call('ZADD', parked, now + claimMs, jobId) end
redis.call('HSET', release, 'started_at', startedAt, 'taken', taken + #jobs)
redis.call('PEXPIRE', release, pauseMs)
return {left, unpack(jobs)}
`;
