#!lua flags=allow-oom
-- Forgets kept answers, of charges and of operations on them, that have outlived their time, the oldest first; also where memory is full, since it makes room.
--
-- KEYS: answers, one that is never there (shared.lua). ARGV: 1 until when, 2 how many at most. Returns how many were looked at.
local call, sub, find = redis.call, string.sub, string.find
local prefix = sub(KEYS[1], 1, 9)
local cutoff, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local oldest = call('LRANGE', KEYS[1], 0, most - 1)
local gone = 0
for _, entry in ipairs(oldest) do
  local colon = find(entry, ':', 1, true)
  local at = sub(entry, 1, colon - 1)
  if tonumber(at) > cutoff then break end
  local space = find(entry, ' ', colon, true)
  if space then
    call('HDEL', prefix .. 'p:' .. sub(entry, colon + 1, space - 1), sub(entry, space + 1))
  else
    local row = prefix .. 'c:' .. sub(entry, colon + 1)
    if call('HGET', row, 'A') == at then call('HDEL', row, 'B') end  -- else the key was freed and begun again
  end
  gone = gone + 1
end
if gone > 0 then call('LTRIM', KEYS[1], gone, -1) end
return gone
