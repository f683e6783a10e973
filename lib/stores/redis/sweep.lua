-- Forgets kept answers that have outlived their time, the oldest first. KEYS: answers. ARGV: 1 until when, 2 how many at
-- most. Returns how many were looked at.
local cutoff, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local oldest = call('LRANGE', KEYS[1], 0, most - 1)
local gone = 0
for _, entry in ipairs(oldest) do
  local colon = find(entry, ':', 1, true)
  local at = sub(entry, 1, colon - 1)
  if tonumber(at) > cutoff then break end
  local row = prefix .. 'c:' .. sub(entry, colon + 1)
  if call('HGET', row, 'A') == at then call('HDEL', row, 'B') end  -- else the key was freed and begun again
  gone = gone + 1
end
if gone > 0 then call('LTRIM', KEYS[1], gone, -1) end
return gone
