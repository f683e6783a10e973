#!lua
-- Takes places of a pace (fleet.hpp: FleetStore::take_places).
--
-- KEYS: when the next place is free, in microseconds of this server
-- ARGV: 1 requests, 2 per so many microseconds, 3 how many places at most, 4 patience in microseconds
-- Returns {how long until the first of them, how many}; of none: how long until there is one.
--
-- A second run takes other places, and those of the first stay unused: the pace is kept either way.
local requests, per, count, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local ahead_max = 120000000  -- further ahead nobody can have taken places: the clock went back

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local first = tonumber(redis.call('GET', KEYS[1]) or 0)
if first < now or first - now > ahead_max then first = now end

local wait = first - now
if wait > patience then return {wait, 0} end

count = math.min(count, math.floor((patience - wait) * requests / per) + 1)
local next_first = first + math.ceil(count * per / requests)
redis.call('SET', KEYS[1], next_first, 'PX', math.ceil((next_first - now) / 1000) + 1000)
return {wait, count}
