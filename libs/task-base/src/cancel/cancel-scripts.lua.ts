/*
 * The scripts of cancelling. Each touches one queue only, so all their keys live in one slot; keys that depend on the state of the
 * job are made from the queue's prefix, as BullMQ's own scripts do.
 *
 * A job of this bus hangs on nothing else (no flows, no repeatable jobs), so taking it out is removing it from the list it is in
 * and deleting its keys.
 */

const STATE_OF_JOB = `
local function stateOf(prefix, id)
  if redis.call('ZSCORE', prefix .. 'completed', id) then return 'completed' end
  if redis.call('ZSCORE', prefix .. 'failed', id) then return 'failed' end
  if redis.call('ZSCORE', prefix .. 'delayed', id) then return 'delayed' end
  if redis.call('ZSCORE', prefix .. 'prioritized', id) then return 'prioritized' end
  if redis.call('LPOS', prefix .. 'active', id) then return 'active' end
  if redis.call('LPOS', prefix .. 'wait', id) then return 'wait' end
  if redis.call('LPOS', prefix .. 'paused', id) then return 'paused' end
  return 'gone'
end
`;

/**
 * KEYS: job, its lock, its cancellation. ARGV: prefix of the queue's keys, job id, request as JSON, lifetime of the record in ms,
 * now in ms, channel, request time the job must have ('' for any).
 * Answers {state the job was found in, what was done: 'none' | 'requested' | 'removed', the record or ''}.
 */
export const CANCEL = `
${STATE_OF_JOB}
local job, lock, record = KEYS[1], KEYS[2], KEYS[3]
local prefix, id, request, ttl, now, channel, expected = unpack(ARGV)

local function recorded()
  return redis.call('GET', record) or ''
end
if redis.call('TYPE', job).ok ~= 'hash' then return {'gone', 'none', recorded()} end
local requestTime = redis.call('HGET', job, 'timestamp') or ''
if expected ~= '' and expected ~= requestTime then return {'gone', 'none', recorded()} end

local state = stateOf(prefix, id)
if state == 'gone' or state == 'completed' or state == 'failed' then return {state, 'none', recorded()} end

local function keep(outcome, was)
  local entry = cjson.decode(request)
  entry.outcome = outcome
  entry.was = was
  entry.requested_at = tonumber(now)
  entry.request_time = requestTime
  if outcome == 'cancelled' then entry.settled_at = tonumber(now) end
  local text = cjson.encode(entry)
  redis.call('SET', record, text, 'PX', ttl)
  return text
end

if state == 'active' and redis.call('EXISTS', lock) == 1 then
  redis.call('PUBLISH', channel, id)
  local earlier = recorded()
  if earlier ~= '' then
    local ok, entry = pcall(cjson.decode, earlier)
    if ok and entry.request_time == requestTime and entry.was == 'running' then return {state, 'requested', earlier} end
  end
  return {state, 'requested', keep('requested', 'running')}
end

local was = 'waiting'
if state == 'delayed' then was = 'delayed' end
if state == 'active' then
  -- Its worker has lost it, and nobody has taken it over yet.
  was = 'running'
  redis.call('SREM', prefix .. 'stalled', id)
end
if state == 'delayed' or state == 'prioritized' then
  redis.call('ZREM', prefix .. state, id)
else
  redis.call('LREM', prefix .. state, 1, id)
end
local deduplication = redis.call('HGET', job, 'deid')
if deduplication and redis.call('GET', prefix .. 'de:' .. deduplication) == id then
  redis.call('DEL', prefix .. 'de:' .. deduplication)
end
redis.call('DEL', job, job .. ':logs')
redis.call('XADD', prefix .. 'events', 'MAXLEN', '~', 1000, '*', 'event', 'removed', 'jobId', id, 'prev', state)
return {state, 'removed', keep('cancelled', was)}
`;

/**
 * KEYS: job, its lock, its cancellation. ARGV: prefix, job id.
 * Answers {state, request time, result, failure, finished at, progress, the record}, each '' when there is none.
 */
export const READ_OUTCOME = `
${STATE_OF_JOB}
local record = redis.call('GET', KEYS[3]) or ''
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return {'gone', '', '', '', '', '', record} end
local fields = redis.call('HMGET', KEYS[1], 'timestamp', 'returnvalue', 'failedReason', 'finishedOn', 'progress')
local answer = {stateOf(ARGV[1], ARGV[2])}
for index = 1, 5 do answer[index + 1] = fields[index] or '' end
answer[7] = record
return answer
`;

/** KEYS: cancellation. ARGV: request time, outcome, now in ms. Says how a requested cancel ended, if it was aimed at that request. */
export const SETTLE = `
local stored = redis.call('GET', KEYS[1])
if not stored then return 0 end
local ok, entry = pcall(cjson.decode, stored)
if not ok or entry.outcome ~= 'requested' or entry.request_time ~= ARGV[1] then return 0 end
entry.outcome = ARGV[2]
entry.settled_at = tonumber(ARGV[3])
redis.call('SET', KEYS[1], cjson.encode(entry), 'KEEPTTL')
return 1
`;
