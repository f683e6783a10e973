#!lua
-- Hears what a process tells of breakers and tells how all of them stand (fleet.hpp: FleetStore::exchange).
--
-- KEYS: a hash, from a breaker's name to "era state until owner": state o (open), p (owner may probe) or c (closed), until in
--       milliseconds of this server
-- ARGV: 1 process; then for each piece of news: name, kind (o, c or w: wants to probe), lasts in milliseconds, seen.
-- Returns {name, era, state, left, …}; state P: the caller is the one that may probe.
--
-- News that rests on another era than the breaker's is passed over, so a second run changes nothing. An era is a time where it
-- can be, so that one of before the data were lost does not come back.
local names_max, kept = 256, 86400000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local standings, count = {}, 0

local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do
  local era, state, ends, owner = string.match(flat[i + 1], '^(%d+) (%a) (%d+) ?(.*)$')
  standings[flat[i]] = {era = tonumber(era), state = state, ends = tonumber(ends), owner = owner}
  count = count + 1
end

local process = ARGV[1]
local changed = {}
for i = 2, #ARGV, 4 do
  local name, kind, lasts, seen = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local was = standings[name]
  if was and was.era == seen or not was and seen == 0 and count < names_max then
    if not was then count = count + 1 end
    local is = {era = math.max(seen + 1, now), ends = now + lasts}
    if kind == 'o' then
      is.state, is.owner = 'o', ''
    elseif kind == 'c' then
      is.state, is.ends, is.owner = 'c', 0, ''
    elseif not was or was.state == 'p' and was.owner == process or was.state ~= 'c' and was.ends <= now then
      is.state, is.owner = 'p', process
    else
      is = was
    end
    if is ~= was then
      standings[name] = is
      changed[#changed + 1] = name
      changed[#changed + 1] = is.era .. ' ' .. is.state .. ' ' .. is.ends .. ' ' .. is.owner
    end
  end
end

if #changed > 0 then
  redis.call('HSET', KEYS[1], unpack(changed))
  redis.call('PEXPIRE', KEYS[1], kept)
end

local told = {}
for name, is in pairs(standings) do
  local n = #told
  told[n + 1] = name
  told[n + 2] = is.era
  told[n + 3] = is.state == 'p' and is.owner == process and 'P' or is.state
  told[n + 4] = math.max(is.ends - now, 0)
end
return told
