#!lua flags=no-writes
-- The newest charges with one of these statuses, or of an order or a customer, of all tenants of a partition: one bounded look.
--
-- KEYS: names of the tenants. ARGV: 1 before which place ("+inf": from the newest), 2 how many at most, 3 the letters of the
--   statuses or lists (shared.lua: letter_of), 4 how many members to look at where a status has no list of its own,
--   5 the order behind its length, 6 the customer: either may be "", and so are then the letters.
-- Returns {the place down to which it has looked ("0": at all), id, place, created_at, id, place, created_at, …}.
local call, sub = redis.call, string.sub
local prefix = sub(KEYS[1], 1, 9)
local before, most, letters = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local tenants = call('SMEMBERS', KEYS[1])
local look = math.max(1, math.floor(tonumber(ARGV[4]) / #tenants))
local found, down_to = {}, 0

local function newest(list, count)
  return call('ZRANGE', list, before, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, count, 'WITHSCORES')
end

local function add(id, place) found[#found + 1] = {id = id, place = place, at = tonumber(place)} end

local function add_newest(name)
  local list = newest(prefix .. name, most)
  for j = 1, #list, 2 do add(list[j], list[j + 1]) end
end

if ARGV[6] ~= '' then add_newest('b:' .. ARGV[6]) end

for _, tenant in ipairs(tenants) do
  if ARGV[5] ~= '' then add_newest('o:' .. #tenant .. ':' .. tenant .. ARGV[5]) end
  for i = 1, #letters do
    local letter = sub(letters, i, i)
    if letter == 's' then
      local list = newest(prefix .. 't:' .. tenant, look)
      for j = 1, #list, 2 do
        if sub(call('HGET', prefix .. 'c:' .. list[j], 's') or '', 1, 1) == letter then add(list[j], list[j + 1]) end
      end
      if #list == 2 * look then down_to = math.max(down_to, tonumber(list[#list])) end
    else
      add_newest('s:' .. letter .. tenant)
    end
  end
end

table.sort(found, function(a, b) return a.at > b.at end)
local told = {string.format('%.0f', down_to)}
for i = 1, math.min(#found, most) do
  if found[i].at < down_to then break end
  told[#told + 1] = found[i].id
  told[#told + 1] = found[i].place
  told[#told + 1] = string.match(call('HGET', prefix .. 'c:' .. found[i].id, 'i') or '', '^%d+') or '0'
end
return told
