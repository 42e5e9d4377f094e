/**
 * One pass over the jobs that wait in one queue, as one atomic step. It looks at those raised before and at the first
 * `looks` of each priority, so at a few hundred at most. All keys carry the hash tag of the queue.
 *
 * A job may rise by one priority for each step it has waited. In its new place it stands behind those that were there before.
 * At most `places` raised jobs wait at each priority, so an urgent newcomer never finds more than that many in front.
 * The job itself keeps its priority: only its place in the sorted set moves, and a retry starts from the bottom again.
 *
 * Priorities are BullMQ's here: 1 is the most urgent, and the score is the priority times 2^32 plus a running number.
 */
export const RAISE_AGED_JOBS = `
local prioritized, counter, raised, lease = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local jobPrefix, leaseMs = ARGV[1], ARGV[2]
local stepMs, lowest = tonumber(ARGV[3]), tonumber(ARGV[4])
local places, looks = tonumber(ARGV[5]), ARGV[6]
local BAND = 0x100000000

if not redis.call('SET', lease, '1', 'NX', 'PX', leaseMs) then return 0 end
local clock = redis.call('TIME')
local nowMs = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function delayOf(options)
  local readable, parsed = pcall(cjson.decode, options)
  return readable and type(parsed) == 'table' and tonumber(parsed.delay) or 0
end

local function jobOf(id, band)
  local fields = redis.call('HMGET', jobPrefix .. id, 'priority', 'timestamp', 'processedOn', 'opts')
  local own = tonumber(fields[1]) or band
  local since = (tonumber(fields[2]) or 0) + delayOf(fields[4] or '{}')
  since = math.max(since, tonumber(fields[3]) or 0)
  local best = math.max(1, own - math.floor(math.max(0, nowMs - since) / stepMs))
  return { id = id, band = band, own = own, best = best, deserves = since + own * stepMs }
end

local free, known, candidates = {}, {}, {}
for band = 1, lowest do free[band] = places end

for _, id in ipairs(redis.call('SMEMBERS', raised)) do
  local score = redis.call('ZSCORE', prioritized, id)
  local job = score and jobOf(id, math.floor(score / BAND))
  if job and job.band < job.own then
    job.isRaised = true
    known[id] = true
    free[job.band] = free[job.band] - 1
    candidates[#candidates + 1] = job
  else
    redis.call('SREM', raised, id)
  end
end
for band = 2, lowest do
  local first, last = string.format('%.0f', band * BAND), string.format('%.0f', (band + 1) * BAND - 1)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', prioritized, first, last, 'LIMIT', 0, looks)) do
    if not known[id] then candidates[#candidates + 1] = jobOf(id, band) end
  end
end
table.sort(candidates, function(one, other) return one.deserves < other.deserves end)

local moved = 0
for _, job in ipairs(candidates) do
  for band = job.best, job.band - 1 do
    if free[band] > 0 then
      local place = redis.call('INCR', counter) % BAND
      redis.call('ZADD', prioritized, 'XX', string.format('%.0f', band * BAND + place), job.id)
      redis.call('SADD', raised, job.id)
      free[band] = free[band] - 1
      if job.isRaised then free[job.band] = free[job.band] + 1 end
      moved = moved + 1
      break
    end
  end
end
return moved
`;
