/**
 * The scripts that keep a group's history. Each is one atomic step in Redis, and every key of a group carries
 * the group's hash tag, so each also runs on one node of a cluster.
 *
 * The meta hash holds `e` the epoch, `o` the newest offset, `b` the offset at which the epoch began.
 */

/** Finds the state of the group, or begins a new epoch when there is none. Needs `history`, `meta`, `candidate`. */
const STATE = `
local function begin(offset)
  redis.call('HSET', meta, 'e', candidate, 'o', offset, 'b', offset)
  return candidate, offset, offset
end
local known = redis.call('HMGET', meta, 'e', 'o', 'b')
local epoch, newest, base = known[1], known[2], known[3]
if not (epoch and newest and base) then
  redis.call('DEL', history)
  epoch, newest, base = begin('0')
end
`;

/**
 * Appends a sealed frame and publishes it under its place in the history.
 *
 * A witness is the place this sender was last given. When Redis is behind it in the same epoch, a fail-over lost
 * events that were already shown; going on would give their offsets to others, so a new epoch begins.
 */
export const APPEND = `
local history, meta, seen = KEYS[1], KEYS[2], KEYS[3]
local frame, channel, candidate = ARGV[1], ARGV[2], ARGV[3]
local maxEntries, historyTtl, metaTtl, seenTtl = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local witnessEpoch, witnessOffset = ARGV[8], ARGV[9]
${STATE}
if witnessEpoch == epoch and tonumber(newest) < tonumber(witnessOffset) then
  epoch, newest, base = begin(newest)
end
if seenTtl ~= '' and redis.call('EXISTS', seen) == 1 then
  return {0, epoch, newest}
end
local offset = string.format('%.0f', redis.call('HINCRBY', meta, 'o', 1))
local function add()
  return redis.pcall('XADD', history, 'MAXLEN', '=', maxEntries, offset .. '-0', 'f', frame)
end
if add()['err'] then
  -- Somebody tampered with the stream. Its events are lost either way; the next ones need not be.
  redis.call('DEL', history)
  epoch = begin(offset - 1)
  redis.call('HSET', meta, 'o', offset)
  add()
end
redis.call('PEXPIRE', history, historyTtl)
redis.call('PEXPIRE', meta, metaTtl)
if seenTtl ~= '' then
  redis.call('SET', seen, offset, 'PX', seenTtl)
end
redis.call('PUBLISH', channel, epoch .. ' ' .. offset .. '\\n' .. frame)
return {1, epoch, offset}
`;

/**
 * Reads entries `from`..newest, at most `count`, together with the group's state; from `newest`, that entry alone.
 *
 * `lostEpoch`, when given, is an epoch the caller knows to have lost events; if the group is still in it, a new
 * one begins, once, whoever asks first.
 */
export const READ = `
local history, meta = KEYS[1], KEYS[2]
local candidate, metaTtl, from, count, lostEpoch = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
${STATE}
if lostEpoch == epoch then
  epoch, newest, base = begin(newest)
end
redis.call('PEXPIRE', meta, metaTtl)
if from == 'newest' then
  from = newest
end
local entries = redis.call('XRANGE', history, from .. '-0', newest .. '-0', 'COUNT', count)
return {epoch, newest, base, entries}
`;
