/*
 * The record of one piece of work is one hash: `state` running, failed or done, `claim`, `job` and `fence` of the run that has
 * or had it, `lease` until when (ms), `result` as JSON, and one field per step. It expires as a whole.
 */

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** ARGV: claim, job, fence, leaseMs, ttlMs */
export const CLAIM = `
${NOW}
local state, claim, job, fence, lease, result =
  unpack(redis.call('HMGET', KEYS[1], 'state', 'claim', 'job', 'fence', 'lease', 'result'))
if state == 'done' then return { 'done', result, redis.call('PTTL', KEYS[1]) } end
local isHeld = state == 'running' and claim ~= ARGV[1] and tonumber(lease) > now
if isHeld and not (job == ARGV[2] and tonumber(fence) < tonumber(ARGV[3])) then return { 'running' } end
redis.call('HSET', KEYS[1], 'state', 'running', 'claim', ARGV[1], 'job', ARGV[2], 'fence', ARGV[3], 'lease', now + ARGV[4])
redis.call('PEXPIRE', KEYS[1], math.max(ARGV[4], ARGV[5]))
return { 'claimed' }
`;

/** Stops unless the claim in ARGV[1] is the current one of unfinished work. Needs `lost`, the answer then. */
const holder = (lost: string): string => `
local state, claim = unpack(redis.call('HMGET', KEYS[1], 'state', 'claim'))
if state ~= 'running' or claim ~= ARGV[1] then return ${lost} end
`;

/** ARGV: claim, leaseMs, ttlMs */
export const RENEW = `
${NOW}${holder('0')}
redis.call('HSET', KEYS[1], 'lease', now + ARGV[2])
redis.call('PEXPIRE', KEYS[1], math.max(ARGV[2], ARGV[3]))
return 1
`;

/** ARGV: claim, result, ttlMs. The same claim may commit again: the first answer may have been lost. */
export const COMMIT = `
local state, claim = unpack(redis.call('HMGET', KEYS[1], 'state', 'claim'))
if (state ~= 'running' and state ~= 'done') or claim ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'state', 'done', 'result', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`;

/** ARGV: claim */
export const RELEASE = `
${holder('0')}
redis.call('HSET', KEYS[1], 'state', 'failed')
return 1
`;

/** ARGV: claim, step field */
export const BEGIN_STEP = `
${holder("'superseded'")}
local step = redis.call('HGET', KEYS[1], ARGV[2])
if step == 'done' then return 'done' end
if step and step ~= ARGV[1] then return 'in_doubt' end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[1])
return 'begun'
`;

/** ARGV: claim, step field, '1' when it has happened */
export const END_STEP = `
if redis.call('HGET', KEYS[1], ARGV[2]) ~= ARGV[1] then return 0 end
if ARGV[3] == '1' then redis.call('HSET', KEYS[1], ARGV[2], 'done') else redis.call('HDEL', KEYS[1], ARGV[2]) end
return 1
`;

/** ARGV: result, ttlMs */
export const REMEMBER = `
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'state', 'done', 'result', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`;
