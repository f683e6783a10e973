#!lua flags=no-writes
-- Charges of a list from the newest to the oldest: one bounded look at it.
--
-- KEYS: list. ARGV: 1 before which place ("+inf": from the newest), 2 how many rows at most, 3 only this status' letter ("": any),
--   4 how many members to look at.
-- Returns {place of the last member looked at, "1" when the list is at its end, id, place, row, id, place, row, …}.
local call, sub = redis.call, string.sub
local prefix = sub(KEYS[1], 1, 9)
local most, status, look = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])

local list = call('ZRANGE', KEYS[1], ARGV[1], '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, look, 'WITHSCORES')
local page = {false, #list < 2 * look and '1' or '0'}
for i = 1, #list, 2 do
  local key = prefix .. 'c:' .. list[i]
  page[1] = list[i + 1]
  if status == '' or sub(call('HGET', key, 's') or '', 1, 1) == status then
    page[#page + 1] = list[i]
    page[#page + 1] = list[i + 1]
    page[#page + 1] = call('HGETALL', key)
    most = most - 1
    if most == 0 then
      page[2] = i + 1 < #list and '0' or page[2]
      break
    end
  end
end
return page
