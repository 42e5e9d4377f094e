/**
 * The scripts that keep a circuit. Each is one atomic step on one hash, by the clock of Redis, so all processes see the same
 * order of events and no clock of theirs matters.
 *
 * The hash holds `state`, `generation`, `failures` (times, oldest first), `opened_at`, `open_until`, `forced_because`, `probe`
 * (who probes), `probe_until`, `last_failure`, `last_failure_at`, and `failure_threshold`, `window_ms`, `open_ms` where a person
 * has changed them for the fleet. Times are milliseconds since 1970.
 */

/** Reads the circuit. Whatever lies there, the script goes on with something sound. */
const READ_CIRCUIT = `
local key, channel, service = KEYS[1], ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kind = redis.call('TYPE', key)['ok']
if kind ~= 'hash' and kind ~= 'none' then
  -- Left behind by an older platform under the same name.
  redis.call('DEL', key)
end
local circuit = {}
local stored = redis.call('HGETALL', key)
for index = 1, #stored, 2 do circuit[stored[index]] = stored[index + 1] end
local function number(field, default) return tonumber(circuit[field]) or default end
local state = circuit['state']
if state ~= 'open' and state ~= 'half_open' then state = 'closed' end
local generation = number('generation', 0)
local threshold = number('failure_threshold', tonumber(ARGV[3]))
local windowMs = number('window_ms', tonumber(ARGV[4]))
local openMs = number('open_ms', tonumber(ARGV[5]))
`;

/** When to open, apart from what opening means: so many failures within a sliding window. */
const FAILURE_WINDOW = `
local function failuresInWindow()
  local times = {}
  for text in string.gmatch(circuit['failures'] or '', '%d+') do
    local at = tonumber(text)
    if at > now - windowMs and at <= now then times[#times + 1] = at end
  end
  return times
end
local function isTooMany(times) return #times >= threshold end
`;

/** The transitions, and what every script answers. */
const CHANGE_STATE = `
local movedTo = cjson.null
local function set(field, value)
  circuit[field] = tostring(value)
  redis.call('HSET', key, field, value)
end
local function drop(...)
  for _, field in ipairs({...}) do circuit[field] = nil end
  redis.call('HDEL', key, ...)
end
local function enter(to)
  state, movedTo, generation = to, to, generation + 1
  drop('opened_at', 'open_until', 'forced_because', 'probe', 'probe_until')
  set('state', to)
  set('generation', generation)
  redis.call('PUBLISH', channel, service)
end
local function close()
  enter('closed')
  drop('failures')
end
local function open()
  enter('open')
  set('opened_at', now)
  set('open_until', now + openMs)
end
local function probe(owner, leaseMs)
  enter('half_open')
  set('probe', owner)
  set('probe_until', now + leaseMs)
end
local function remaining(field) return math.max(0, number(field, now) - now) end
local function answer(admission)
  local failures = failuresInWindow()
  local retryAfter = 0
  if state == 'open' then
    retryAfter = circuit['forced_because'] and openMs or remaining('open_until')
  elseif state == 'half_open' then
    retryAfter = remaining('probe_until')
  end
  return cjson.encode({
    movedTo = movedTo, admission = admission or cjson.null, generation = generation, state = state,
    failures = #failures, openedAt = number('opened_at', now), retryAfterMs = retryAfter,
    forcedBecause = circuit['forced_because'] or cjson.null,
    failureThreshold = threshold, windowMs = windowMs, openMs = openMs,
    lastFailure = circuit['last_failure'] or cjson.null, lastFailureAt = number('last_failure_at', 0),
  })
end
`;

const CIRCUIT = READ_CIRCUIT + FAILURE_WINDOW + CHANGE_STATE;

/** Only looks. */
export const READ = `${CIRCUIT}
return answer()
`;

/**
 * Asks for a call. Of all callers that come after an open circuit's time, or after a probe's lease, exactly one becomes the
 * probe; a probe that died is followed by another one as soon as its lease is over.
 */
export const ACQUIRE = `${CIRCUIT}
local owner, leaseMs = ARGV[6], tonumber(ARGV[7])
if state == 'closed' then
  return answer('call')
end
local isDue = state == 'open' and not circuit['forced_because'] and remaining('open_until') == 0
  or state == 'half_open' and remaining('probe_until') == 0
if isDue then
  probe(owner, leaseMs)
  return answer('probe')
end
return answer('refused')
`;

/** Takes in what a call came to. A call of another generation, or a probe that is no longer the probe, changes nothing. */
export const REPORT = `${CIRCUIT}
local ofGeneration, owner, result, code = tonumber(ARGV[6]), ARGV[7], ARGV[8], ARGV[9]
if ofGeneration ~= generation then
  return answer()
end
local function remember()
  set('last_failure', code)
  set('last_failure_at', now)
end
if state == 'half_open' and circuit['probe'] == owner then
  if result == 'success' then
    close()
  elseif result == 'failure' then
    remember()
    open()
  else
    -- Nobody knows yet whether the service is back: the next caller may ask.
    set('probe_until', now)
  end
elseif state == 'closed' and result == 'failure' then
  remember()
  local times = failuresInWindow()
  -- The ages of the failures, several when a process was cut off and comes back.
  for age in string.gmatch(ARGV[10], '%d+') do
    if tonumber(age) < windowMs then times[#times + 1] = now - tonumber(age) end
  end
  table.sort(times)
  set('failures', table.concat(times, ' '))
  if isTooMany(times) then open() end
end
return answer()
`;

/** What a person does to a circuit. */
export const COMMAND = `${CIRCUIT}
local command = ARGV[6]
if command == 'open' then
  enter('open')
  set('opened_at', now)
  set('forced_because', ARGV[7])
elseif command == 'close' then
  close()
elseif command == 'configure' then
  set('failure_threshold', ARGV[7])
  set('window_ms', ARGV[8])
  set('open_ms', ARGV[9])
  threshold, windowMs, openMs = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
  redis.call('PUBLISH', channel, service)
elseif command == 'reset' then
  -- All but the generation: a late result of the time before must not match.
  close()
  drop('failure_threshold', 'window_ms', 'open_ms', 'last_failure', 'last_failure_at')
  threshold, windowMs, openMs = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
end
return answer()
`;
