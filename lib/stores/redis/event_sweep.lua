#!lua flags=allow-oom
-- Forgets events that have outlived their retention, the first settled first; also where memory is full, since it makes room.
-- What waits is not on the list, and what waited again in between is on it once more.
--
-- KEYS: settled, archive, dead, one that is never there (shared.lua). ARGV: 1 until when, 2 how many at most. Returns how many
--   were looked at.
local call, sub, find = redis.call, string.sub, string.find
local prefix = sub(KEYS[1], 1, 9)
local cutoff, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local gone = 0
for _, entry in ipairs(call('LRANGE', KEYS[1], 0, most - 1)) do
  local colon = find(entry, ':', 1, true)
  local at, id = sub(entry, 1, colon - 1), sub(entry, colon + 1)
  if tonumber(at) > cutoff then break end
  local event = call('HMGET', prefix .. 'e:' .. id, 's', 'z')
  if event[2] == at then
    local place = string.format('%015d:%s', sub(event[1], 3), id)
    call('ZREM', KEYS[2], place)
    call('ZREM', KEYS[3], place)
    call('UNLINK', prefix .. 'e:' .. id)
  end
  gone = gone + 1
end
if gone > 0 then call('LTRIM', KEYS[1], gone, -1) end
return gone
