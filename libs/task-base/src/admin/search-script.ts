/**
 * Looks through a stretch of one state of one queue and returns the ids of the jobs that fit, and how far it came: whoever wants
 * more asks again, so one call never holds Redis up for long, however many jobs there are and however large they are.
 *
 * Reading a job's data costs more than anything else here, so it is read only when its id fits, and decoded only when the texts
 * that must occur in it do.
 *
 * KEYS[1] the collection of the state, ARGV: key prefix of the jobs, id prefix, first place, places, most ids, most bytes of data,
 * from the end ('1') or the beginning, conditions as JSON: [{"needles":[text], "path":[step], "value":text}]
 */
export const SEARCH_STRETCH = `
local jobPrefix, idPrefix = ARGV[1], ARGV[2]
local first, places, maxIds, maxBytes = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local fromEnd, conditions = ARGV[7] == '1', cjson.decode(ARGV[8])

-- A list fits when one of its items does.
local function fits(value, wanted)
  if type(value) == 'string' then return value == wanted end
  if type(value) == 'number' then return value == tonumber(wanted) end
  if type(value) == 'boolean' then return tostring(value) == wanted end
  if type(value) == 'table' then
    for _, item in ipairs(value) do
      if type(item) ~= 'table' and fits(item, wanted) then return true end
    end
    return false
  end
  return value == cjson.null and wanted == 'null'
end

-- A step that is no field of a list is tried on each of its items.
local function leadsTo(value, path, depth, wanted)
  if depth > #path then return fits(value, wanted) end
  if type(value) ~= 'table' then return false end
  local step = path[depth]
  local child = value[step]
  if child == nil and tonumber(step) ~= nil then child = value[tonumber(step) + 1] end
  if child ~= nil then return leadsTo(child, path, depth + 1, wanted) end
  for _, item in ipairs(value) do
    if leadsTo(item, path, depth, wanted) then return true end
  end
  return false
end

local function satisfies(text)
  for _, condition in ipairs(conditions) do
    for _, needle in ipairs(condition.needles) do
      if not string.find(text, needle, 1, true) then return false end
    end
  end
  local readable, data = pcall(cjson.decode, text)
  if not readable then return false end
  for _, condition in ipairs(conditions) do
    if not leadsTo(data, condition.path, 1, condition.value) then return false end
  end
  return true
end

local ids
local last = first + places - 1
if redis.call('TYPE', KEYS[1]).ok == 'list' then
  -- Jobs enter lists at the left and leave at the right, so the next to run is the last one.
  if fromEnd then ids = redis.call('LRANGE', KEYS[1], first, last)
  else
    local reversed = redis.call('LRANGE', KEYS[1], -1 - last, -1 - first)
    ids = {}
    for i = #reversed, 1, -1 do ids[#ids + 1] = reversed[i] end
  end
else
  ids = redis.call(fromEnd and 'ZREVRANGE' or 'ZRANGE', KEYS[1], first, last)
end

local found, bytes, looked = {}, 0, 0
for _, id in ipairs(ids) do
  looked = looked + 1
  if idPrefix == '' or string.sub(id, 1, #idPrefix) == idPrefix then
    if #conditions == 0 then found[#found + 1] = id
    else
      local data = redis.call('HGET', jobPrefix .. id, 'data')
      if data then
        bytes = bytes + #data
        if satisfies(data) then found[#found + 1] = id end
      end
    end
  end
  if #found >= maxIds or bytes >= maxBytes then break end
end
return { looked, found }
`;
